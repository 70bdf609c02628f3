"""The one script of the pages: keys for the review form. Without it everything works by mouse, touch or Tab."""

from __future__ import annotations

SCRIPT = """"use strict";
(function () {
  var form = document.getElementById("review");
  if (!form) { return; }
  var sides = { "1": "control", "2": "candidate", "3": "both", "4": "neither" };
  var grades = { g: "", c: "critical", m: "major", i: "minor", o: "cosmetic" };

  function choose(name, value) {
    form.querySelectorAll('input[name="' + name + '"]').forEach(function (one) {
      if (one.value === value && !one.disabled) { one.checked = true; one.focus(); }
    });
    settle();
  }
  function settle() {
    var side = form.querySelector('input[name="side"]:checked');
    var right = side !== null && (side.value === "candidate" || side.value === "both");
    form.querySelectorAll('input[name="grade"]').forEach(function (one) {
      one.disabled = right && one.value !== "";
      if (right && one.value === "") { one.checked = true; }
    });
  }
  function press(id) {
    var one = document.getElementById(id);
    if (one) { one.click(); }
    return one !== null;
  }
  function save() {
    if (form.reportValidity()) { form.requestSubmit(); }
    return true;
  }
  form.addEventListener("change", settle);
  document.addEventListener("keydown", function (event) {
    if (event.altKey || event.metaKey || event.isComposing || event.repeat) { return; }
    var writing = event.target instanceof HTMLTextAreaElement;
    if (event.key === "Escape" && writing) { event.target.blur(); return; }
    if (event.key === "Enter" && (event.ctrlKey || !writing)) {
      var other = event.target.closest("a, button, summary");
      if (!other && save()) { event.preventDefault(); }
      return;
    }
    if (writing || event.ctrlKey) { return; }
    var key = event.key.toLowerCase();
    if (key in sides) { choose("side", sides[key]); event.preventDefault(); }
    else if (key in grades) { choose("grade", grades[key]); event.preventDefault(); }
    else if (key === "u" && press("undo")) { event.preventDefault(); }
    else if (key === "s" && press("skip")) { event.preventDefault(); }
    else if (key === "w") { document.getElementById("comment").focus(); event.preventDefault(); }
  });
  settle();
})();
"""
