// Shows one figure of several, as the slider says; without this file all of them are shown.
(function () {
  "use strict";
  Array.prototype.forEach.call(document.querySelectorAll("[data-slider]"), function (slider) {
    var control = slider.querySelector(".control"), input = control.querySelector("input");
    var output = control.querySelector("output");
    var panes = Array.prototype.filter.call(slider.children, function (child) {
      return child.hasAttribute("data-pane");
    });
    function show() {
      var chosen = Number(input.value);
      panes.forEach(function (pane, number) {
        pane.hidden = number !== chosen;
        pane.querySelector("summary").hidden = true;
        pane.open = true;
      });
      output.textContent = panes[chosen].getAttribute("data-pane");
      input.setAttribute("aria-valuetext", output.textContent);
    }
    control.hidden = false;
    input.addEventListener("input", show);
    show();
  });
})();
