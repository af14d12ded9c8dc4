// Moves the line of plots/line_fit.py: by its sliders, and by a click on the contour of its cost.
(function () {
  "use strict";
  var UNITS = 1000, HEAD = 22;

  function share(value, ends) { return (value - ends[0]) / (ends[1] - ends[0]); }

  // Half the mean squared error, as in the course.
  function cost(scene, w, b) {
    var sum = scene.x.reduce(function (total, x, index) {
      var error = w * x + b - scene.y[index];
      return total + error * error;
    }, 0);
    return sum / (2 * scene.x.length);
  }

  function line(scene, w, b) {
    return scene.x_range.map(function (x) {
      var up = Math.max(-50, Math.min(51, share(w * x + b, scene.y_range)));
      return (UNITS * share(x, scene.x_range)).toFixed(1) + "," + (UNITS * (1 - up)).toFixed(1);
    }).join(" ");
  }

  function digits(value) { return value.toLocaleString("en", { maximumSignificantDigits: 4 }); }

  // What was clicked, between the ends of both axes.
  function place(scene, right, down) {
    function within(part) { return Math.max(0, Math.min(1, part)); }
    return {
      w: scene.w[0] + within(right) * (scene.w[1] - scene.w[0]),
      b: scene.b[1] - within(down) * (scene.b[1] - scene.b[0])
    };
  }

  function start(figure) {
    var scene = JSON.parse(figure.querySelector("script").textContent);
    var knobs = figure.querySelector(".knobs"), output = knobs.querySelector("output");
    var w = knobs.querySelector("[data-knob=w]"), b = knobs.querySelector("[data-knob=b]");
    var moved = figure.querySelector(".chart.lines polyline");
    var plane = figure.querySelector(".chart.contour svg.clip");
    var mark = figure.querySelector(".chart.contour path.mark").parentNode;
    var chart = plane.parentNode, height = Number(plane.getAttribute("height"));
    function show() {
      var at = { w: Number(w.value), b: Number(b.value) };
      moved.setAttribute("points", line(scene, at.w, at.b));
      mark.setAttribute("x", (100 * share(at.w, scene.w)).toFixed(2) + "%");
      mark.setAttribute("y", (HEAD + height * (1 - share(at.b, scene.b))).toFixed(1));
      output.textContent = "w = " + digits(at.w) + ", b = " + digits(at.b) +
        ", cost = " + digits(cost(scene, at.w, at.b));
    }
    knobs.hidden = false;
    knobs.addEventListener("input", show);
    chart.style.cursor = "crosshair";
    chart.addEventListener("click", function (event) {
      var box = plane.getBoundingClientRect();
      var at = place(scene, (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
      w.value = at.w;
      b.value = at.b;
      show();
    });
    show();
  }

  if (typeof document === "undefined") module.exports = { cost: cost, line: line, place: place };
  else Array.prototype.forEach.call(document.querySelectorAll(".line-fit"), start);
})();
