import type { Recipes } from "~/api/types";

/** GET /api/recipes/ as the server answered, with the first few settings of each method. */
export const KNOWN: Recipes = {
  default: {
    steps: [
      {
        name: "responses",
        kind: "generate",
        reads: {
          writers: ["newest", "previous", "base"],
        },
        prompts: {
          count: 100,
          split: "both",
          tags: [],
        },
        responses_per_prompt: 4,
        temperature: 1.0,
        top_p: 1.0,
        max_new_tokens: 64,
      },
      {
        name: "labels",
        kind: "label",
        reads: {
          responses: "responses",
        },
        task_kind: "rank",
        labels_wanted: 1,
        compare_every: 3,
        random_floor: 0.2,
      },
      {
        name: "preferences",
        kind: "aggregate",
        reads: {
          labels: "labels",
        },
        learn_from: "project",
      },
      {
        name: "reward",
        kind: "train",
        reads: {
          data: "preferences",
          model: "newest",
          reward: null,
        },
        method: "reward",
        settings: {},
      },
      {
        name: "policy",
        kind: "train",
        reads: {
          data: "preferences",
          model: "newest",
          reward: null,
        },
        method: "dpo",
        settings: {},
      },
      {
        name: "evaluation",
        kind: "evaluate",
        reads: {
          checkpoint: "policy",
          against: "parent",
          reward: "reward",
        },
        prompts: {
          count: 200,
          split: "eval",
          tags: [],
        },
        responses_per_prompt: 1,
        max_new_tokens: 64,
      },
      {
        name: "gates",
        kind: "gate",
        reads: {
          checkpoint: "policy",
          evaluation: "evaluation",
          reward: "reward",
        },
        bounds: [
          {
            gate: "reward_accuracy",
            least: 0.5,
            most: null,
          },
          {
            gate: "win_rate",
            least: 0.5,
            most: null,
          },
          {
            gate: "ended_share",
            least: 0.7,
            most: null,
          },
        ],
      },
      {
        name: "accept",
        kind: "accept",
        reads: {
          checkpoints: ["policy", "reward"],
          after: ["gates"],
        },
      },
    ],
  },
  default_import: {
    steps: [
      {
        name: "preferences",
        kind: "aggregate",
        reads: {
          labels: "imported",
        },
        learn_from: "round",
      },
      {
        name: "writer",
        kind: "train",
        reads: {
          data: "preferences",
          model: null,
          reward: null,
        },
        method: "pretrain",
        settings: {},
      },
      {
        name: "reward",
        kind: "train",
        reads: {
          data: "preferences",
          model: "writer",
          reward: null,
        },
        method: "reward",
        settings: {},
      },
      {
        name: "policy",
        kind: "train",
        reads: {
          data: "preferences",
          model: "writer",
          reward: null,
        },
        method: "dpo",
        settings: {},
      },
      {
        name: "evaluation",
        kind: "evaluate",
        reads: {
          checkpoint: "policy",
          against: "parent",
          reward: "reward",
        },
        prompts: {
          count: 200,
          split: "eval",
          tags: [],
        },
        responses_per_prompt: 1,
        max_new_tokens: 64,
      },
      {
        name: "accept",
        kind: "accept",
        reads: {
          checkpoints: ["writer", "reward", "policy"],
          after: [],
        },
      },
    ],
  },
  kinds: [
    {
      kind: "generate",
      title: {
        code: "step_generate",
        params: {},
        text: "Write responses",
      },
      stage: "generating",
      is_single: true,
      reads: [
        {
          role: "writers",
          kinds: [],
          words: ["newest", "previous", "base"],
          takes_checkpoint: true,
          is_reward: null,
          is_list: true,
          is_needed: false,
        },
      ],
      settings: [
        {
          name: "prompts.count",
          type: "integer",
          default: 100,
          least: 1.0,
          most: 1000000.0,
        },
        {
          name: "prompts.split",
          type: "string",
          default: "both",
          choices: ["train", "eval", "both"],
        },
        {
          name: "responses_per_prompt",
          type: "integer",
          default: 4,
          least: 1.0,
          most: 9.0,
        },
        {
          name: "temperature",
          type: "number",
          default: 1.0,
        },
        {
          name: "top_p",
          type: "number",
          default: 1.0,
        },
        {
          name: "max_new_tokens",
          type: "integer",
          default: 64,
        },
      ],
    },
    {
      kind: "label",
      title: {
        code: "step_label",
        params: {},
        text: "Collect labels",
      },
      stage: "labeling",
      is_single: true,
      reads: [
        {
          role: "responses",
          kinds: ["generate"],
          words: ["imported"],
          takes_checkpoint: false,
          is_reward: null,
          is_list: false,
          is_needed: true,
        },
      ],
      settings: [
        {
          name: "task_kind",
          type: "string",
          default: "rank",
          choices: ["compare", "rank", "mixed"],
        },
        {
          name: "labels_wanted",
          type: "integer",
          default: 1,
          least: 1.0,
          most: 100.0,
        },
        {
          name: "compare_every",
          type: "integer",
          default: 3,
          least: 2.0,
          most: 1000.0,
        },
        {
          name: "random_floor",
          type: "number",
          default: 0.2,
          least: 0.01,
          most: 1.0,
        },
      ],
    },
    {
      kind: "aggregate",
      title: {
        code: "step_aggregate",
        params: {},
        text: "Weigh the labels",
      },
      stage: "aggregating",
      is_single: true,
      reads: [
        {
          role: "labels",
          kinds: ["label"],
          words: ["imported"],
          takes_checkpoint: false,
          is_reward: null,
          is_list: false,
          is_needed: true,
        },
      ],
      settings: [
        {
          name: "learn_from",
          type: "string",
          default: "project",
          choices: ["project", "round"],
        },
      ],
    },
    {
      kind: "train",
      title: {
        code: "step_train",
        params: {},
        text: "Train",
      },
      stage: "training",
      is_single: false,
      reads: [
        {
          role: "data",
          kinds: ["aggregate"],
          words: [],
          takes_checkpoint: false,
          is_reward: null,
          is_list: false,
          is_needed: true,
        },
        {
          role: "model",
          kinds: ["train"],
          words: ["newest", "previous", "base"],
          takes_checkpoint: true,
          is_reward: false,
          is_list: false,
          is_needed: false,
        },
        {
          role: "reward",
          kinds: ["train"],
          words: ["newest"],
          takes_checkpoint: true,
          is_reward: true,
          is_list: false,
          is_needed: false,
        },
      ],
      settings: [
        {
          name: "method",
          type: "string",
          default: null,
          choices: ["pretrain", "sft", "reward", "dpo", "ppo", "rrhf"],
        },
      ],
    },
    {
      kind: "evaluate",
      title: {
        code: "step_evaluate",
        params: {},
        text: "Measure",
      },
      stage: "evaluating",
      is_single: false,
      reads: [
        {
          role: "checkpoint",
          kinds: ["train"],
          words: ["newest", "previous", "base"],
          takes_checkpoint: true,
          is_reward: false,
          is_list: false,
          is_needed: true,
        },
        {
          role: "against",
          kinds: ["train"],
          words: ["parent", "newest", "previous", "base"],
          takes_checkpoint: true,
          is_reward: false,
          is_list: false,
          is_needed: false,
        },
        {
          role: "reward",
          kinds: ["train"],
          words: ["newest"],
          takes_checkpoint: true,
          is_reward: true,
          is_list: false,
          is_needed: false,
        },
      ],
      settings: [
        {
          name: "prompts.count",
          type: "integer",
          default: 100,
          least: 1.0,
          most: 1000000.0,
        },
        {
          name: "prompts.split",
          type: "string",
          default: "both",
          choices: ["train", "eval", "both"],
        },
        {
          name: "responses_per_prompt",
          type: "integer",
          default: 1,
          least: 1.0,
          most: 16.0,
        },
        {
          name: "max_new_tokens",
          type: "integer",
          default: 64,
          least: 1.0,
          most: 100000.0,
        },
      ],
    },
    {
      kind: "gate",
      title: {
        code: "step_gate",
        params: {},
        text: "Hold against the gates",
      },
      stage: "evaluating",
      is_single: false,
      reads: [
        {
          role: "checkpoint",
          kinds: ["train"],
          words: [],
          takes_checkpoint: false,
          is_reward: null,
          is_list: false,
          is_needed: true,
        },
        {
          role: "evaluation",
          kinds: ["evaluate"],
          words: [],
          takes_checkpoint: false,
          is_reward: null,
          is_list: false,
          is_needed: false,
        },
        {
          role: "reward",
          kinds: ["train"],
          words: [],
          takes_checkpoint: false,
          is_reward: true,
          is_list: false,
          is_needed: false,
        },
      ],
      settings: [],
    },
    {
      kind: "accept",
      title: {
        code: "step_accept",
        params: {},
        text: "Accept",
      },
      stage: "evaluating",
      is_single: false,
      reads: [
        {
          role: "checkpoints",
          kinds: ["train"],
          words: [],
          takes_checkpoint: false,
          is_reward: null,
          is_list: true,
          is_needed: true,
        },
        {
          role: "after",
          kinds: ["gate"],
          words: [],
          takes_checkpoint: false,
          is_reward: null,
          is_list: true,
          is_needed: false,
        },
      ],
      settings: [],
    },
  ],
  methods: [
    {
      method: "pretrain",
      title: {
        code: "method_pretrain",
        params: {},
        text: "Pre-training",
      },
      description: {
        code: "method_pretrain_about",
        params: {},
        text: "A small language model from nothing: its tokenizer, then the language of the texts.",
      },
      makes: "base",
      reads_model: false,
      reads_reward: false,
      settings: [
        {
          name: "learning_rate",
          type: "float",
          default: 0.004,
          code: "setting_learning_rate",
          description: "Peak step size of AdamW.",
          above: 0.0,
          most: 1.0,
        },
        {
          name: "batch_size",
          type: "int",
          default: 64,
          code: "setting_batch_size",
          description: "Rows per optimiser step, over all micro-batches.",
          least: 1.0,
        },
      ],
    },
    {
      method: "sft",
      title: {
        code: "method_sft",
        params: {},
        text: "Fine-tuning",
      },
      description: {
        code: "method_sft_about",
        params: {},
        text: "Learn to write the answers that people liked best.",
      },
      makes: "policy",
      reads_model: true,
      reads_reward: false,
      settings: [
        {
          name: "learning_rate",
          type: "float",
          default: 0.0003,
          code: "setting_learning_rate",
          description: "Peak step size of AdamW.",
          above: 0.0,
          most: 1.0,
        },
        {
          name: "batch_size",
          type: "int",
          default: 32,
          code: "setting_batch_size",
          description: "Rows per optimiser step, over all micro-batches.",
          least: 1.0,
        },
      ],
    },
    {
      method: "reward",
      title: {
        code: "method_reward",
        params: {},
        text: "Reward model",
      },
      description: {
        code: "method_reward_about",
        params: {},
        text: "Learn to score a response as the people who compared them do.",
      },
      makes: "reward",
      reads_model: true,
      reads_reward: false,
      settings: [
        {
          name: "learning_rate",
          type: "float",
          default: 0.0003,
          code: "setting_learning_rate",
          description: "Peak step size of AdamW.",
          above: 0.0,
          most: 1.0,
        },
        {
          name: "batch_size",
          type: "int",
          default: 32,
          code: "setting_batch_size",
          description: "Rows per optimiser step, over all micro-batches.",
          least: 1.0,
        },
      ],
    },
    {
      method: "dpo",
      title: {
        code: "method_dpo",
        params: {},
        text: "DPO",
      },
      description: {
        code: "method_dpo_about",
        params: {},
        text: "The policy itself learns to prefer what people preferred, tied to a reference.",
      },
      makes: "policy",
      reads_model: true,
      reads_reward: false,
      settings: [
        {
          name: "learning_rate",
          type: "float",
          default: 0.0001,
          code: "setting_learning_rate",
          description: "Peak step size of AdamW.",
          above: 0.0,
          most: 1.0,
        },
        {
          name: "batch_size",
          type: "int",
          default: 32,
          code: "setting_batch_size",
          description: "Rows per optimiser step, over all micro-batches.",
          least: 1.0,
        },
        {
          name: "beta",
          type: "float",
          default: 0.1,
          code: "setting_beta",
          description: "Strength of the tie to the reference.",
          above: 0.0,
        },
      ],
    },
    {
      method: "ppo",
      title: {
        code: "method_ppo",
        params: {},
        text: "PPO",
      },
      description: {
        code: "method_ppo_about",
        params: {},
        text: "The policy answers prompts and learns from a reward model, tied to a reference.",
      },
      makes: "policy",
      reads_model: true,
      reads_reward: true,
      settings: [
        {
          name: "learning_rate",
          type: "float",
          default: 0.0001,
          code: "setting_ppo_learning_rate",
          description: "Peak step size of the policy.",
          above: 0.0,
          most: 1.0,
        },
        {
          name: "batch_size",
          type: "int",
          default: 64,
          code: "setting_ppo_batch_size",
          description: "Responses written and learned from per step.",
          least: 1.0,
        },
      ],
    },
    {
      method: "rrhf",
      title: {
        code: "method_rrhf",
        params: {},
        text: "RRHF",
      },
      description: {
        code: "method_rrhf_about",
        params: {},
        text: "Rank responses by their own likelihood and imitate the best, without a reference.",
      },
      makes: "policy",
      reads_model: true,
      reads_reward: false,
      settings: [
        {
          name: "learning_rate",
          type: "float",
          default: 0.0001,
          code: "setting_learning_rate",
          description: "Peak step size of AdamW.",
          above: 0.0,
          most: 1.0,
        },
        {
          name: "batch_size",
          type: "int",
          default: 32,
          code: "setting_batch_size",
          description: "Rows per optimiser step, over all micro-batches.",
          least: 1.0,
        },
      ],
    },
  ],
  gates: [
    {
      gate: "reward_accuracy",
      title: {
        code: "gate_reward_accuracy",
        params: {},
        text: "Reward model agrees with people",
      },
      unit: {
        code: "unit_share",
        params: {},
        text: "share",
      },
      direction: "least",
      usual: 0.5,
    },
    {
      gate: "win_rate",
      title: {
        code: "gate_win_rate",
        params: {},
        text: "Win rate over its parent, lower end",
      },
      unit: {
        code: "unit_share",
        params: {},
        text: "share",
      },
      direction: "least",
      usual: 0.5,
    },
    {
      gate: "reward_gain",
      title: {
        code: "gate_reward_gain",
        params: {},
        text: "Reward gained over its parent",
      },
      unit: {
        code: "unit_reward",
        params: {},
        text: "reward",
      },
      direction: "least",
      usual: 0.0,
    },
    {
      gate: "ended_share",
      title: {
        code: "gate_ended_share",
        params: {},
        text: "Answers that end by themselves",
      },
      unit: {
        code: "unit_share",
        params: {},
        text: "share",
      },
      direction: "least",
      usual: 0.7,
    },
    {
      gate: "kl",
      title: {
        code: "gate_kl",
        params: {},
        text: "Distance from its parent",
      },
      unit: {
        code: "unit_nats",
        params: {},
        text: "nats per response",
      },
      direction: "most",
      usual: 20.0,
    },
    {
      gate: "agreement",
      title: {
        code: "gate_agreement",
        params: {},
        text: "Labelers agree",
      },
      unit: {
        code: "unit_share",
        params: {},
        text: "share",
      },
      direction: "least",
      usual: 0.6,
    },
    {
      gate: "budget_labels",
      title: {
        code: "gate_budget_labels",
        params: {},
        text: "Labels used",
      },
      unit: {
        code: "unit_labels",
        params: {},
        text: "labels",
      },
      direction: "most",
      usual: 10000.0,
    },
    {
      gate: "budget_seconds",
      title: {
        code: "gate_budget_seconds",
        params: {},
        text: "Computing used",
      },
      unit: {
        code: "unit_seconds",
        params: {},
        text: "seconds",
      },
      direction: "most",
      usual: 86400.0,
    },
  ],
  choices: [
    {
      choice: "retry",
      title: {
        code: "choice_retry",
        params: {},
        text: "Try again",
      },
    },
    {
      choice: "redo",
      title: {
        code: "choice_redo",
        params: {},
        text: "Start over from a step",
      },
    },
    {
      choice: "change",
      title: {
        code: "choice_change",
        params: {},
        text: "Start over with other settings",
      },
    },
    {
      choice: "skip",
      title: {
        code: "choice_skip",
        params: {},
        text: "Go on without this step",
      },
    },
    {
      choice: "enough",
      title: {
        code: "choice_enough",
        params: {},
        text: "Go on with the labels there are",
      },
    },
    {
      choice: "accept",
      title: {
        code: "choice_accept",
        params: {},
        text: "Accept it anyway",
      },
    },
    {
      choice: "discard",
      title: {
        code: "choice_discard",
        params: {},
        text: "Discard the checkpoint",
      },
    },
    {
      choice: "cancel",
      title: {
        code: "choice_cancel",
        params: {},
        text: "Cancel the round",
      },
    },
    {
      choice: "pause",
      title: {
        code: "choice_pause",
        params: {},
        text: "Pause the round",
      },
    },
    {
      choice: "resume",
      title: {
        code: "choice_resume",
        params: {},
        text: "Go on",
      },
    },
    {
      choice: "more_labels",
      title: {
        code: "choice_more_labels",
        params: {},
        text: "Ask for more labels",
      },
    },
    {
      choice: "more_prompts",
      title: {
        code: "choice_more_prompts",
        params: {},
        text: "Ask about more prompts",
      },
    },
    {
      choice: "accept_checkpoint",
      title: {
        code: "choice_accept_checkpoint",
        params: {},
        text: "Accept this checkpoint",
      },
    },
  ],
};
