"""Example that `foursplit advise --example` prints: every question with an answer."""

EXAMPLE = """\
# Questions about data and design, for `foursplit advise FILE`. Leave out what you do not ask;
# null says that something is not known. Errors are fractions.

dev_error: 0.10   # of the system as it is: a difference counts from a tenth of it
min_gain: 0.005   # the least gain that matters to you

synthesis:        # noise laid under speech, cars of a video game, fog over photographs
  factors:
    hours of car noise: {made: 1000, sources: 1}
  left_out: null  # error with sources kept out of the synthesis, less that with those used

transfer:         # from red and green lights to yellow ones
  n_source: 100000
  n_target: 500
  same_input: true
  shared_features: true

multi_task:       # what a camera sees on the road; labels are missing here and there
  n_per_task: {pedestrian: 10000, car: 12000, stop sign: 9000, light: 8000}
  output: sigmoid # or softmax
  shared_input: true
  exclusive: false      # can one label alone hold?
  missing_masked: true  # are missing labels left out of the loss?
  big_enough: null      # is the network big enough for all?

end_to_end:       # one network from picture to steering
  direct_less_pipeline: {value: 0.05, lo: 0.03, hi: 0.07}
  crossing: 1000000     # pairs at which the two learning curves meet
  n_obtainable: 50000   # pairs that can be had
  component_sizes: {car detector: 200000, planner: 30000}

use_source:       # error without the source less that with it, on target dev
  gain: {value: 0.03, lo: -0.01, hi: 0.07}

consistent:       # house prices of two cities: error without less that with a feature for the city
  gain_of_feature: {value: 0.08, lo: 0.06, hi: 0.10}

start_weight:     # many pictures from the web, few from the application
  n_target: 5000
  n_source: 200000

split:            # dev and test are of the target, whatever else there is to learn from
  n_target: 10000
  n_source: 200000
  dev: 2500
  test: 2500

flawed_pipeline:  # each part beside people at its task; n: examples of each
  parts:
    cars: {error: 0.020, human: 0.019, n: 20000}
    pedestrians: {error: 0.030, human: 0.030, n: 20000}
    planner: {error: 0.010, human: 0.012, n: 20000}
  system: {error: 0.20, human: 0.05, n: 20000}

dev_size:
  error: 0.10
  n: 10000
  gain: 0.001
  discordance: 0.005    # share on which one of two candidates alone is right; null: assumed
"""
