// Fits the model of plots/own_points.py to its examples and to those that the reader adds by clicks.
(function () {
  "use strict";
  var UNITS = 1000, HEAD = 22, CELLS = 40, STEPS = 160, MAX_OPACITY = 0.42;

  // All products of 1 to `degree` inputs, ordered by degree, then by input.
  function terms(inputs, degree) {
    if (inputs.length === 1) {
      return Array.from({ length: degree }, function (_, n) { return Math.pow(inputs[0], n + 1); });
    }
    var row = [];
    for (var total = 1; total <= degree; total += 1) {
      for (var second = 0; second <= total; second += 1) {
        row.push(Math.pow(inputs[0], total - second) * Math.pow(inputs[1], second));
      }
    }
    return row;
  }

  function mean(values) {
    return values.reduce(function (a, b) { return a + b; }, 0) / values.length;
  }

  // Mean and standard deviation of each term; a constant one is only shifted.
  function scaler(rows) {
    return rows[0].map(function (_, column) {
      var values = rows.map(function (row) { return row[column]; }), center = mean(values);
      var spread = Math.sqrt(mean(values.map(function (v) { return (v - center) * (v - center); })));
      var largest = Math.max.apply(null, values.map(Math.abs));
      return { center: center, spread: spread <= 1e-12 * largest ? 1 : spread };
    });
  }

  function scaled(row, scale) {
    return row.map(function (v, column) { return (v - scale[column].center) / scale[column].spread; });
  }

  function dot(a, b) {
    return a.reduce(function (sum, v, index) { return sum + v * b[index]; }, 0);
  }

  // Solves a symmetric positive definite system by Cholesky's decomposition.
  function solve(matrix, right) {
    var n = right.length, lower = matrix.map(function (row) { return row.slice(); });
    for (var i = 0; i < n; i += 1) {
      for (var j = 0; j <= i; j += 1) {
        var sum = matrix[i][j];
        for (var k = 0; k < j; k += 1) sum -= lower[i][k] * lower[j][k];
        lower[i][j] = i === j ? Math.sqrt(Math.max(sum, 1e-300)) : sum / lower[j][j];
      }
    }
    var y = [], x = [];
    for (i = 0; i < n; i += 1) {
      y[i] = right[i];
      for (k = 0; k < i; k += 1) y[i] -= lower[i][k] * y[k];
      y[i] /= lower[i][i];
    }
    for (i = n - 1; i >= 0; i -= 1) {
      x[i] = y[i];
      for (k = i + 1; k < n; k += 1) x[i] -= lower[k][i] * x[k];
      x[i] /= lower[i][i];
    }
    return x;
  }

  // The sum of weighted outer products of the rows, with `l2` on the diagonal but for the bias.
  function normal(rows, weights, l2) {
    return rows[0].map(function (_, i) {
      return rows[0].map(function (_value, j) {
        var sum = i === j && i < rows[0].length - 1 ? l2 : 0;
        rows.forEach(function (row, n) { sum += weights[n] * row[i] * row[j]; });
        return sum;
      });
    });
  }

  function penalty(parameters, l2) {
    return parameters.slice(0, -1).reduce(function (sum, w) { return sum + l2 * w * w; }, 0);
  }

  // Half the mean squared error and its minimum; the last of `rows` is 1, for the bias.
  var linear = {
    cost: function (rows, y, parameters, l2) {
      var total = rows.reduce(function (sum, row, n) {
        var error = dot(row, parameters) - y[n];
        return sum + error * error;
      }, 0);
      return (total + penalty(parameters, l2)) / (2 * y.length);
    },
    fit: function (rows, y, l2) {
      var right = rows[0].map(function (_, i) {
        return rows.reduce(function (sum, row, n) { return sum + row[i] * y[n]; }, 0);
      });
      return solve(normal(rows, rows.map(function () { return 1; }), l2), right);
    }
  };

  function sigmoid(z) {
    var small = Math.exp(-Math.abs(z));
    return (z >= 0 ? 1 : small) / (1 + small);
  }

  // The mean logistic loss, minimised by Newton's method with a backtracking line search.
  var logistic = {
    cost: function (rows, y, parameters, l2) {
      var total = rows.reduce(function (sum, row, n) {
        var z = dot(row, parameters);
        return sum + Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - y[n] * z;
      }, 0);
      return total / y.length + penalty(parameters, l2) / (2 * y.length);
    },
    fit: function (rows, y, l2) {
      var parameters = rows[0].map(function () { return 0; }), last = parameters.length - 1;
      for (var iteration = 0; iteration < 100; iteration += 1) {
        var chances = rows.map(function (row) { return sigmoid(dot(row, parameters)); });
        var gradient = parameters.map(function (w, i) {
          return rows.reduce(function (sum, row, n) {
            return sum + row[i] * (chances[n] - y[n]);
          }, i < last ? l2 * w : 0);
        });
        if (Math.max.apply(null, gradient.map(Math.abs)) < 1e-10 * y.length) break;
        var curvature = chances.map(function (p) { return Math.max(p * (1 - p), 1e-12); });
        var step = solve(normal(rows, curvature, l2), gradient), size = 1;
        var before = logistic.cost(rows, y, parameters, l2) * (1 + 1e-13), next;
        do {
          next = parameters.map(function (w, i) { return w - size * step[i]; });
          size /= 2;
        } while (logistic.cost(rows, y, next, l2) > before && size > 1e-9);
        parameters = next;
      }
      return parameters;
    }
  };

  // Fits the examples [{x: [inputs], y: target}]; gives the cost and a function of inputs.
  function fit(model, examples, degree, l2) {
    var raw = examples.map(function (example) { return terms(example.x, degree); });
    var scale = scaler(raw), y = examples.map(function (example) { return example.y; });
    var rows = raw.map(function (row) { return scaled(row, scale).concat(1); });
    var kind = model === "logistic" ? logistic : linear, parameters = kind.fit(rows, y, l2);
    function predict(inputs) {
      return dot(scaled(terms(inputs, degree), scale).concat(1), parameters);
    }
    return {
      parameters: parameters,
      cost: kind.cost(rows, y, parameters, 0),
      wrong: examples.filter(function (e) { return (predict(e.x) > 0) !== (e.y === 1); }).length,
      predict: model === "logistic" ? function (x) { return sigmoid(predict(x)); } : predict
    };
  }

  function at(ends, share) { return ends[0] + share * (ends[1] - ends[0]); }

  function svg(name, attributes) {
    var made = document.createElementNS("http://www.w3.org/2000/svg", name);
    Object.keys(attributes).forEach(function (key) { made.setAttribute(key, attributes[key]); });
    return made;
  }

  // The colour of each cell of the plane; neighbours of a row that are alike become one area.
  function areas(scene, predict) {
    var made = [], side = UNITS / CELLS;
    for (var row = 0; row < CELLS; row += 1) {
      var open = null;
      for (var column = 0; column < CELLS; column += 1) {
        var chance = predict([
          at(scene.x_range, (column + 0.5) / CELLS), at(scene.y_range, 1 - (row + 0.5) / CELLS)]);
        var confidence = Math.round(8 * Math.abs(2 * chance - 1)) / 8;
        var key = (chance >= 0.5 ? 1 : 0) + " " + confidence;
        if (open && open.key === key) {
          open.rect.setAttribute("width", (side * (column + 1) - open.left).toFixed(1));
          continue;
        }
        var rect = svg("rect", {
          x: (side * column).toFixed(1), y: (side * row).toFixed(1), width: side, height: side,
          "class": "area g" + (chance >= 0.5 ? 1 : 0),
          "fill-opacity": (MAX_OPACITY * (0.2 + 0.8 * confidence)).toFixed(2)
        });
        open = { key: key, rect: rect, left: side * column };
        made.push(rect);
      }
    }
    return made;
  }

  function curve(scene, predict) {
    var points = [];
    for (var n = 0; n <= STEPS; n += 1) {
      var y = predict([at(scene.x_range, n / STEPS)]);
      var up = (y - scene.y_range[0]) / (scene.y_range[1] - scene.y_range[0]);
      points.push((UNITS * n / STEPS).toFixed(1) + "," +
        (UNITS * (1 - Math.max(-50, Math.min(51, up)))).toFixed(1));
    }
    return [svg("polyline", { points: points.join(" "), "class": "curve g0" })];
  }

  function digits(value) { return value.toLocaleString("en", { maximumSignificantDigits: 4 }); }

  function start(figure) {
    var scene = JSON.parse(figure.querySelector("script").textContent), own = [];
    var knobs = figure.querySelector(".knobs"), output = knobs.querySelector("output");
    var degree = knobs.querySelector("[data-knob=degree]"), l2 = knobs.querySelector("[data-knob=l2]");
    var plane = figure.querySelector("svg.clip"), chart = plane.parentNode;
    var height = Number(plane.getAttribute("height")), is_class = scene.model === "logistic";
    function label() {
      var chosen = knobs.querySelector("input[type=radio]:checked");
      return chosen ? Number(chosen.value) : 0;
    }
    function mark(example) {
      var x = example.x[0], y = is_class ? example.x[1] : example.y;
      var across = (x - scene.x_range[0]) / (scene.x_range[1] - scene.x_range[0]);
      var up = (y - scene.y_range[0]) / (scene.y_range[1] - scene.y_range[0]);
      var shape = scene.marks[is_class ? example.y : 0];
      var place = svg("svg", {
        x: (100 * across).toFixed(2) + "%", y: (HEAD + height * (1 - up)).toFixed(1), "data-own": ""
      });
      place.appendChild(svg("path", { d: shape.d, "class": shape["class"] }));
      return place;
    }
    function show() {
      var examples = scene.examples.concat(own), lambda = Math.pow(10, Number(l2.value));
      var found = fit(scene.model, examples, Number(degree.value), lambda);
      plane.replaceChildren.apply(plane, (is_class ? areas : curve)(scene, found.predict));
      Array.prototype.forEach.call(chart.querySelectorAll("[data-own]"), function (old) { old.remove(); });
      own.forEach(function (example) { chart.appendChild(mark(example)); });
      var said = "degree " + degree.value + ", λ = " + digits(lambda) + ": cost " + digits(found.cost);
      if (is_class) said += ", " + found.wrong + " of " + examples.length + " wrong";
      output.textContent = said + "; " + own.length + " of your own";
    }
    knobs.hidden = false;
    knobs.addEventListener("input", show);
    knobs.addEventListener("click", function (event) {
      var action = event.target.getAttribute("data-do");
      if (action === "undo") own.pop();
      if (action === "clear") own = [];
      if (action) show();
    });
    chart.style.cursor = "crosshair";
    chart.addEventListener("click", function (event) {
      var box = plane.getBoundingClientRect();
      var across = (event.clientX - box.left) / box.width, down = (event.clientY - box.top) / box.height;
      if (across < 0 || across > 1 || down < 0 || down > 1) return;
      var x = at(scene.x_range, across), y = at(scene.y_range, 1 - down);
      own.push(is_class ? { x: [x, y], y: label() } : { x: [x], y: y });
      figure.setAttribute("data-added", JSON.stringify(own));
      show();
    });
    show();
  }

  if (typeof document === "undefined") module.exports = { fit: fit, terms: terms };
  else Array.prototype.forEach.call(document.querySelectorAll(".own-points"), start);
})();
