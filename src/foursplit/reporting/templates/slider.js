// Shows the figure that the slider selects; without JavaScript all figures are shown.
(function () {
  "use strict";
  Array.prototype.forEach.call(document.querySelectorAll("[data-slider]"), function (slider) {
    var control = slider.querySelector(".control"), input = control.querySelector("input");
    var output = control.querySelector("output");
    var panes = Array.prototype.filter.call(slider.children, function (child) {
      return child.hasAttribute("data-pane");
    });
    function show() {
      var selected = Number(input.value);
      panes.forEach(function (pane, index) {
        pane.hidden = index !== selected;
        pane.querySelector("summary").hidden = true;
        pane.open = true;
      });
      output.textContent = panes[selected].getAttribute("data-pane");
      input.setAttribute("aria-valuetext", output.textContent);
    }
    control.hidden = false;
    input.addEventListener("input", show);
    show();
  });
})();
