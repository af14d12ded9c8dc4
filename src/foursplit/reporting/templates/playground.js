// Draws the networks of plots/playground.py: what each unit says of the plane, step by step.
(function () {
  "use strict";
  var CELLS = 48, PAUSE_MS = 350, COLORS = [[33, 102, 172], [217, 95, 14]];

  function activate(name, z) {
    if (name === "relu") return Math.max(0, z);
    return name === "tanh" ? Math.tanh(z) : 1 / (1 + Math.exp(-z));
  }

  function sizes(scene, chosen) { return [2].concat(scene.layers[chosen[1]], [1]); }

  function count(units) {
    var sum = 0;
    for (var i = 1; i < units.length; i++) sum += units[i] * (units[i - 1] + 1);
    return sum;
  }

  // Where a combination's weights begin: combinations are counted with the last choice fastest.
  function offset(scene, chosen) {
    var at = scene.counts.map(function () { return 0; }), start = 0;
    while (at.join() !== chosen.join()) {
      start += count(sizes(scene, at)) * scene.steps.length;
      for (var i = at.length - 1; ++at[i] === scene.counts[i] && i > 0; i--) at[i] = 0;
    }
    return start;
  }

  // The activations of each layer at a point; the last one is the probability of class 1.
  function forward(scene, weights, chosen, step, point) {
    var units = sizes(scene, chosen), at = offset(scene, chosen) + step * count(units);
    return layers(scene, weights, units, at, scene.activations[chosen[2]], point);
  }

  function layers(scene, weights, units, at, name, point) {
    var all = [], x = point;
    for (var i = 1; i < units.length; i++) {
      var n = units[i], m = units[i - 1], next = [];
      for (var unit = 0; unit < n; unit++) {
        var z = weights[at + n * m + unit];
        for (var k = 0; k < m; k++) z += weights[at + unit * m + k] * x[k];
        next.push(activate(i === units.length - 1 ? "sigmoid" : name, z));
      }
      at += n * (m + 1);
      all.push(next);
      x = next;
    }
    return all;
  }

  function decode(text) {
    var bytes = atob(text), array = new Uint8Array(bytes.length);
    for (var i = 0; i < bytes.length; i++) array[i] = bytes.charCodeAt(i);
    var view = new DataView(array.buffer), values = new Float32Array(array.length / 4);
    for (var k = 0; k < values.length; k++) values[k] = view.getFloat32(4 * k, true);
    return values;
  }

  // Eight bits a cell: blue below the middle, orange above, the stronger the farther from it.
  function paint(canvas, values, low, high) {
    canvas.width = canvas.height = CELLS;
    var context = canvas.getContext("2d"), image = context.createImageData(CELLS, CELLS);
    values.forEach(function (value, index) {
      var share = high > low ? (value - low) / (high - low) : 0.5;
      var color = COLORS[share > 0.5 ? 1 : 0];
      image.data.set([color[0], color[1], color[2], Math.round(420 * Math.abs(share - 0.5))], 4 * index);
    });
    context.putImageData(image, 0, 0);
  }

  function start(figure) {
    var scene = JSON.parse(figure.querySelector("script").textContent), weights = decode(scene.weights);
    var knobs = figure.querySelector(".knobs"), live = figure.querySelector(".live"), timer = null;
    var menus = Array.prototype.slice.call(knobs.querySelectorAll("select"));
    figure.querySelector(".still").hidden = true;
    knobs.hidden = false;
    live.innerHTML = '<div class="knobs"><label>step <input type="range" min="0" step="1"></label>' +
      '<button type="button">Play</button></div><output aria-live="polite"></output>' +
      '<canvas class="whole" role="img"></canvas><p class="soft">The hidden units, layer by layer:</p>' +
      '<div class="units"></div>';
    var slider = live.querySelector("input"), button = live.querySelector("button");
    var whole = live.querySelector(".whole"), output = live.querySelector("output");
    slider.max = scene.steps.length - 1;
    slider.value = slider.max;

    function wrong(chosen, step) {
      return scene.points[chosen[0]].filter(function (p) {
        var all = forward(scene, weights, chosen, step, p);
        return (all[all.length - 1][0] > 0.5) !== (p[2] === 1);
      }).length;
    }

    function show() {
      var chosen = menus.map(function (menu) { return Number(menu.value); }), step = Number(slider.value);
      var units = sizes(scene, chosen), half = scene.half_width, maps = [];
      var at = offset(scene, chosen) + step * count(units), name = scene.activations[chosen[2]];
      for (var row = 0; row < CELLS; row++) {
        for (var column = 0; column < CELLS; column++) {
          var point = [half * (2 * (column + 0.5) / CELLS - 1), half * (1 - 2 * (row + 0.5) / CELLS)];
          layers(scene, weights, units, at, name, point).forEach(function (layer, i) {
            layer.forEach(function (value, unit) {
              maps[i] = maps[i] || [];
              (maps[i][unit] = maps[i][unit] || []).push(value);
            });
          });
        }
      }
      drawWhole(maps.pop()[0], chosen);
      drawUnits(maps, name);
      var points = scene.points[chosen[0]], missed = wrong(chosen, step);
      output.textContent = "after step " + scene.steps[step] + ": wrong on " + missed + " of " + points.length + " points";
      whole.setAttribute("aria-label", output.textContent);
    }

    function drawWhole(values, chosen) {
      var small = document.createElement("canvas"), side = 416, half = scene.half_width;
      paint(small, values, 0, 1);
      whole.width = whole.height = side;
      var context = whole.getContext("2d");
      context.drawImage(small, 0, 0, side, side);
      scene.points[chosen[0]].forEach(function (p) {
        context.beginPath();
        context.arc(side * (p[0] / half + 1) / 2, side * (1 - p[1] / half) / 2, 3.5, 0, 7);
        context.fillStyle = "rgb(" + COLORS[p[2]].join() + ")";
        context.strokeStyle = "white";
        context.fill();
        context.stroke();
      });
    }

    function drawUnits(maps, name) {
      var box = live.querySelector(".units");
      box.textContent = "";
      maps.forEach(function (layer, i) {
        layer.forEach(function (values, unit) {
          var canvas = document.createElement("canvas"), low = name === "tanh" ? -1 : 0, high = 1;
          if (name === "relu") {
            high = Math.max.apply(null, values);
            low = -high;
          }
          paint(canvas, values, low, high);
          canvas.title = "layer " + (i + 1) + ", unit " + (unit + 1);
          box.appendChild(canvas);
        });
      });
    }

    function stop() {
      clearInterval(timer);
      timer = null;
      button.textContent = "Play";
    }

    button.addEventListener("click", function () {
      if (timer) return stop();
      if (slider.value === slider.max) slider.value = 0;
      show();
      button.textContent = "Pause";
      timer = setInterval(function () {
        slider.value = Number(slider.value) + 1;
        show();
        if (slider.value === slider.max) stop();
      }, PAUSE_MS);
    });
    slider.addEventListener("input", function () { stop(); show(); });
    knobs.addEventListener("change", show);
    show();
  }

  if (typeof document === "undefined") module.exports = { forward: forward, decode: decode, offset: offset };
  else Array.prototype.forEach.call(document.querySelectorAll(".playground"), start);
})();
