"""The only ways out of a replay; each lives outside the candidate's process and writes down what passes."""
