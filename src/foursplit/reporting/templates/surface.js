// Rotates the surface plots of a lesson page: redraws the plot of plots/surface.py from another angle.
(function () {
  "use strict";
  var UNITS = 1000, HEIGHT = 380, SHADES = 12, BOX_HEIGHT = 0.7, MAX_WIDTH = 1.5, MAX_HEIGHT = 1.62;

  function project(point, turn, tilt) {
    var a = (turn * Math.PI) / 180, e = (tilt * Math.PI) / 180;
    var x = point[0], y = point[1], z = BOX_HEIGHT * point[2];
    var right = x * Math.cos(a) + y * Math.sin(a);
    var away = y * Math.cos(a) - x * Math.sin(a);
    var up = z * Math.cos(e) + away * Math.sin(e);
    return [UNITS * (0.5 + right / MAX_WIDTH), UNITS * (0.5 - up / MAX_HEIGHT), z * Math.sin(e) - away * Math.cos(e)];
  }

  function formatPoints(points) {
    return points.map(function (p) { return p[0].toFixed(1) + "," + p[1].toFixed(1); }).join(" ");
  }

  function shape(name, points, kind) {
    return { name: name, points: formatPoints(points), kind: kind };
  }

  function squares(scene, view) {
    var squareList = [];
    for (var row = 0; row + 1 < scene.y.length; row++) {
      for (var column = 0; column + 1 < scene.x.length; column++) {
        var corners = [[row, column], [row, column + 1], [row + 1, column + 1], [row + 1, column]].map(
          function (at) { return [scene.x[at[1]], scene.y[at[0]], scene.z[at[0]][at[1]]]; }
        );
        if (corners.some(function (corner) { return corner[2] === null; })) continue;
        var points = corners.map(view);
        var height = corners.reduce(function (sum, corner) { return sum + corner[2]; }, 0) / 4 + 0.5;
        var near = points.reduce(function (sum, place) { return sum + place[2]; }, 0);
        squareList.push({ near: near, points: points, shade: Math.min(Math.floor(height * SHADES), SHADES - 1) });
      }
    }
    squareList.sort(function (one, other) { return one.near - other.near; });
    return squareList.map(function (square) { return shape("polygon", square.points, "h" + square.shade); });
  }

  function path(scene, view) {
    var points = scene.path.map(view);
    if (!points.length) return [];
    var last = points[points.length - 1];
    return [shape("polyline", points, "way"), shape("polyline", [last, last], "way end")];
  }

  function axes(scene, view) {
    var floor = [[-0.5, -0.5, -0.5], [0.5, -0.5, -0.5], [0.5, 0.5, -0.5], [-0.5, 0.5, -0.5]];
    var nearest = floor.reduce(function (a, b) { return view(b)[2] > view(a)[2] ? b : a; });
    var leftmost = floor.reduce(function (a, b) { return view(b)[0] < view(a)[0] ? b : a; });
    var vertical = [leftmost, [leftmost[0], leftmost[1], 0.5]];
    var edges = [
      [[-0.5, nearest[1], -0.5], [0.5, nearest[1], -0.5]],
      [[nearest[0], -0.5, -0.5], [nearest[0], 0.5, -0.5]],
      vertical
    ];
    var texts = [];
    edges.forEach(function (edge, number) {
      var low = view(edge[0]), high = view(edge[1]);
      var outside = (low[0] + high[0]) / 2 < UNITS / 2 ? -1 : 1;
      var kind = outside < 0 ? "end" : "start";
      var name = edge === vertical
        ? [0, scene.names[number], "axis start", -24, -10]
        : [0.5, scene.names[number], "axis " + kind, 8 * outside, 12];
      [[0.9, scene.ends[number][0], kind, 8 * outside, 12],
        [0.1, scene.ends[number][1], kind, 8 * outside, 12], name].forEach(function (label) {
        texts.push({
          text: label[1], kind: label[2], dx: label[3], dy: label[4],
          x: label[0] * low[0] + (1 - label[0]) * high[0], y: label[0] * low[1] + (1 - label[0]) * high[1]
        });
      });
    });
    return {
      frame: [shape("polygon", floor.map(view), "floor"), shape("polyline", vertical.map(view), "edge")],
      texts: texts
    };
  }

  function drawing(scene, turn, tilt) {
    var view = function (point) { return project(point, turn, tilt); };
    var around = axes(scene, view);
    return { shapes: around.frame.concat(squares(scene, view), path(scene, view)), texts: around.texts };
  }

  function createElement(name, attributes) {
    var node = document.createElementNS("http://www.w3.org/2000/svg", name);
    Object.keys(attributes).forEach(function (key) { node.setAttribute(key, attributes[key]); });
    return node;
  }

  function show(svg, scene, turn, tilt) {
    var scenery = drawing(scene, turn, tilt), inner = svg.querySelector("svg");
    inner.replaceChildren.apply(inner, scenery.shapes.map(function (one) {
      return createElement(one.name, { points: one.points, "class": one.kind });
    }));
    svg.replaceChildren.apply(svg, [inner].concat(scenery.texts.map(function (label) {
      var node = createElement("text", {
        x: ((100 * label.x) / UNITS).toFixed(2) + "%", y: ((HEIGHT * label.y) / UNITS).toFixed(1),
        dx: label.dx, dy: label.dy, "class": label.kind
      });
      node.textContent = label.text;
      return node;
    })));
  }

  function start(chart) {
    var svg = chart.querySelector("svg"), knobs = chart.querySelector(".knobs");
    var scene = JSON.parse(chart.querySelector("script").textContent);
    var turn = knobs.querySelector("[data-knob=turn]"), tilt = knobs.querySelector("[data-knob=tilt]");
    var waiting = false, drag = null;
    function redraw() {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(function () {
        waiting = false;
        show(svg, scene, Number(turn.value), Number(tilt.value));
      });
    }
    knobs.hidden = false;
    knobs.addEventListener("input", redraw);
    svg.addEventListener("pointerdown", function (event) {
      drag = { x: event.clientX, y: event.clientY, turn: Number(turn.value), tilt: Number(tilt.value) };
      svg.setPointerCapture(event.pointerId);
    });
    svg.addEventListener("pointermove", function (event) {
      if (!drag) return;
      var angle = drag.turn + (event.clientX - drag.x) / 2;
      turn.value = ((((angle + 180) % 360) + 360) % 360) - 180;
      tilt.value = drag.tilt + (event.clientY - drag.y) / 2;
      redraw();
    });
    ["pointerup", "pointercancel"].forEach(function (name) {
      svg.addEventListener(name, function () { drag = null; });
    });
  }

  if (typeof document === "undefined") module.exports = drawing;
  else Array.prototype.forEach.call(document.querySelectorAll(".chart.surface"), start);
})();
