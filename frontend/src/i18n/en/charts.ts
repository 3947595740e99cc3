export const ladder = {
  title: "Strength of each checkpoint, with 95 % intervals",
  unit: "Elo points",
  live_one: "So far, from {{votes}} vote",
  live_other: "So far, from {{votes}} votes",
  final_one: "From {{votes}} vote",
  final_other: "From {{votes}} votes",
  empty:
    "No strength can be told yet. The ladder appears with the first labels that compare checkpoints.",
  notEnough: "not enough votes yet",
  same: "Not distinguishable yet",
  anchor: "Links the ratings of the rounds",
  unbounded: "no bound",
  words: "{{name}}: {{elo}} Elo, interval {{low}} to {{high}}.",
  wordsNone: "{{name}}: not enough votes yet.",
  wordsSame: "{{a}} and {{b}} are not distinguishable yet.",
  wordsSameVotes:
    "{{a}} and {{b}} are not distinguishable yet; about {{votes}} more votes would tell.",
  checkpoint: "Checkpoint",
  elo: "Elo",
  rank: "Rank",
  votes: "Votes",
  record: "Won / tied / lost",
  duelBetter:
    "{{newest}} beats {{base}}: it wins {{rate}} % of tasks (at least {{low}} %, at most {{high}} %, however often one looks).",
  duelWorse:
    "{{newest}} loses to {{base}}: it wins {{rate}} % of tasks (at least {{low}} %, at most {{high}} %, however often one looks).",
  duelOpen:
    "Whether {{newest}} beats {{base}} is open: it wins {{rate}} % of tasks so far (at least {{low}} %, at most {{high}} %).",
  duelMore_one: "About {{tasks}} more task should settle it.",
  duelMore_other: "About {{tasks}} more tasks should settle it.",
} as const;

export const curves = {
  empty: "No numbers yet. The curves begin with the first steps of the job.",
  step: "Step",
  train: "training",
  eval: "held out",
  words: "{{split}}: {{value}} at step {{step}}.",
  more_one: "Show {{count}} more quantity",
  more_other: "Show {{count}} more quantities",
} as const;

/** Metric names, with "_" for "/". */
export const quantity = {
  loss: "Loss",
  accuracy: "Accuracy on pairs",
  pairs: "Pairs",
  reward_mean: "Mean reward",
  reward_margin: "Reward margin",
  reward_chosen: "Reward of chosen",
  reward_rejected: "Reward of rejected",
  reward_gain: "Reward gained over the parent",
  reward_accuracy: "Accuracy of the reward model",
  kl: "KL to the reference",
  eos_rate: "Responses that end",
  response_length: "Response length",
  policy_loss: "Policy loss",
  value_loss: "Value loss",
  entropy: "Entropy",
  clip_fraction: "Clipped updates",
  grad_norm: "Gradient norm",
  lr: "Learning rate",
  tokens_per_second: "Speed",
} as const;

export const unit = {
  loss: "nats",
  accuracy: "share",
  reward_mean: "nats",
  reward_margin: "nats",
  reward_chosen: "nats",
  reward_rejected: "nats",
  reward_gain: "nats",
  kl: "nats per response",
  eos_rate: "share",
  response_length: "tokens",
  entropy: "nats per token",
  clip_fraction: "share",
  tokens_per_second: "tokens per second",
} as const;
