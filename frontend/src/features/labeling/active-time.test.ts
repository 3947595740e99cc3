import { expect, it } from "vitest";
import { ActiveTime, IDLE_AFTER_SECONDS } from "./active-time";

function clockAt() {
  let now = 0;
  const pass = (seconds: number) => {
    now += seconds * 1000;
  };
  return { pass, time: new ActiveTime(() => now) };
}

it("counts while the person is at work", () => {
  const { pass, time } = clockAt();

  pass(10);
  time.sign();
  pass(5);

  expect(time.seconds()).toBe(15);
});

it("does not count the time a hidden tab was away", () => {
  const { pass, time } = clockAt();

  pass(10);
  time.show(false);
  pass(300);
  time.show(true);
  pass(4);

  expect(time.seconds()).toBe(14);
});

it("stops when nothing happens and goes on with the next sign of life", () => {
  const { pass, time } = clockAt();

  pass(20);
  time.sign();
  pass(IDLE_AFTER_SECONDS + 600);
  const away = time.seconds();
  time.sign();
  pass(7);

  expect(away).toBe(20);
  expect(time.seconds()).toBe(27);
});

it("goes on from what an earlier visit counted", () => {
  const time = new ActiveTime(() => 0, { seconds: 42 });

  expect(time.seconds()).toBe(42);
});
