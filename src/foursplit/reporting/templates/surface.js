// Turns the surfaces of a study page: draws what plots/surface.py draws, seen from elsewhere.
(function () {
  "use strict";
  var UNITS = 1000, HEIGHT = 380, SHADES = 12, TALL = 0.7, WIDE = 1.5, HIGH = 1.62;

  function seen(point, turn, tilt) {
    var a = (turn * Math.PI) / 180, e = (tilt * Math.PI) / 180;
    var x = point[0], y = point[1], z = TALL * point[2];
    var right = x * Math.cos(a) + y * Math.sin(a);
    var away = y * Math.cos(a) - x * Math.sin(a);
    var up = z * Math.cos(e) + away * Math.sin(e);
    return [UNITS * (0.5 + right / WIDE), UNITS * (0.5 - up / HIGH), z * Math.sin(e) - away * Math.cos(e)];
  }

  function written(places) {
    return places.map(function (p) { return p[0].toFixed(1) + "," + p[1].toFixed(1); }).join(" ");
  }

  function shape(name, places, kind) {
    return { name: name, points: written(places), kind: kind };
  }

  function squares(scene, look) {
    var found = [];
    for (var row = 0; row + 1 < scene.y.length; row++) {
      for (var column = 0; column + 1 < scene.x.length; column++) {
        var corners = [[row, column], [row, column + 1], [row + 1, column + 1], [row + 1, column]].map(
          function (at) { return [scene.x[at[1]], scene.y[at[0]], scene.z[at[0]][at[1]]]; }
        );
        if (corners.some(function (corner) { return corner[2] === null; })) continue;
        var places = corners.map(look);
        var height = corners.reduce(function (sum, corner) { return sum + corner[2]; }, 0) / 4 + 0.5;
        var near = places.reduce(function (sum, place) { return sum + place[2]; }, 0);
        found.push({ near: near, places: places, shade: Math.min(Math.floor(height * SHADES), SHADES - 1) });
      }
    }
    found.sort(function (one, other) { return one.near - other.near; });
    return found.map(function (square) { return shape("polygon", square.places, "h" + square.shade); });
  }

  function path(scene, look) {
    var places = scene.path.map(look);
    if (!places.length) return [];
    var last = places[places.length - 1];
    return [shape("polyline", places, "way"), shape("polyline", [last, last], "way end")];
  }

  function axes(scene, look) {
    var floor = [[-0.5, -0.5, -0.5], [0.5, -0.5, -0.5], [0.5, 0.5, -0.5], [-0.5, 0.5, -0.5]];
    var nearest = floor.reduce(function (a, b) { return look(b)[2] > look(a)[2] ? b : a; });
    var leftmost = floor.reduce(function (a, b) { return look(b)[0] < look(a)[0] ? b : a; });
    var upright = [leftmost, [leftmost[0], leftmost[1], 0.5]];
    var edges = [
      [[-0.5, nearest[1], -0.5], [0.5, nearest[1], -0.5]],
      [[nearest[0], -0.5, -0.5], [nearest[0], 0.5, -0.5]],
      upright
    ];
    var texts = [];
    edges.forEach(function (edge, number) {
      var low = look(edge[0]), high = look(edge[1]);
      var outside = (low[0] + high[0]) / 2 < UNITS / 2 ? -1 : 1;
      var kind = outside < 0 ? "end" : "start";
      var name = edge === upright
        ? [0, scene.names[number], "axis start", -24, -10]
        : [0.5, scene.names[number], "axis " + kind, 8 * outside, 12];
      [[0.9, scene.ends[number][0], kind, 8 * outside, 12],
        [0.1, scene.ends[number][1], kind, 8 * outside, 12], name].forEach(function (word) {
        texts.push({
          text: word[1], kind: word[2], dx: word[3], dy: word[4],
          x: word[0] * low[0] + (1 - word[0]) * high[0], y: word[0] * low[1] + (1 - word[0]) * high[1]
        });
      });
    });
    return {
      frame: [shape("polygon", floor.map(look), "floor"), shape("polyline", upright.map(look), "edge")],
      texts: texts
    };
  }

  function drawing(scene, turn, tilt) {
    var look = function (point) { return seen(point, turn, tilt); };
    var around = axes(scene, look);
    return { shapes: around.frame.concat(squares(scene, look), path(scene, look)), texts: around.texts };
  }

  function made(name, attributes) {
    var node = document.createElementNS("http://www.w3.org/2000/svg", name);
    Object.keys(attributes).forEach(function (key) { node.setAttribute(key, attributes[key]); });
    return node;
  }

  function show(svg, scene, turn, tilt) {
    var drawn = drawing(scene, turn, tilt), inner = svg.querySelector("svg");
    inner.replaceChildren.apply(inner, drawn.shapes.map(function (one) {
      return made(one.name, { points: one.points, "class": one.kind });
    }));
    svg.replaceChildren.apply(svg, [inner].concat(drawn.texts.map(function (word) {
      var node = made("text", {
        x: ((100 * word.x) / UNITS).toFixed(2) + "%", y: ((HEIGHT * word.y) / UNITS).toFixed(1),
        dx: word.dx, dy: word.dy, "class": word.kind
      });
      node.textContent = word.text;
      return node;
    })));
  }

  function start(chart) {
    var svg = chart.querySelector("svg"), knobs = chart.querySelector(".knobs");
    var scene = JSON.parse(chart.querySelector("script").textContent);
    var turn = knobs.querySelector("[data-knob=turn]"), tilt = knobs.querySelector("[data-knob=tilt]");
    var waiting = false, held = null;
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
      held = { x: event.clientX, y: event.clientY, turn: Number(turn.value), tilt: Number(tilt.value) };
      svg.setPointerCapture(event.pointerId);
    });
    svg.addEventListener("pointermove", function (event) {
      if (!held) return;
      var angle = held.turn + (event.clientX - held.x) / 2;
      turn.value = ((((angle + 180) % 360) + 360) % 360) - 180;
      tilt.value = held.tilt + (event.clientY - held.y) / 2;
      redraw();
    });
    ["pointerup", "pointercancel"].forEach(function (name) {
      svg.addEventListener(name, function () { held = null; });
    });
  }

  if (typeof document === "undefined") module.exports = drawing;
  else Array.prototype.forEach.call(document.querySelectorAll(".chart.surface"), start);
})();
