/** Seconds without any input after which a person is taken to be away. */
export const IDLE_AFTER_SECONDS = 60;

/**
 * Time spent on a task with the page in view and the person at work. The clock stops when the tab
 * is hidden, and IDLE_AFTER_SECONDS after the last sign of life; that tail is not counted.
 */
export class ActiveTime {
  private counted: number;
  private lastSign: number;
  private visible: boolean;

  constructor(
    private readonly now: () => number,
    start: { seconds?: number; visible?: boolean } = {},
  ) {
    this.counted = start.seconds ?? 0;
    this.visible = start.visible ?? true;
    this.lastSign = now();
  }

  /** A key, a pointer, a scroll. */
  sign() {
    this.counted = this.seconds();
    this.lastSign = this.now();
  }

  show(visible: boolean) {
    this.sign();
    this.visible = visible;
  }

  seconds(): number {
    if (!this.visible) return this.counted;
    const since = (this.now() - this.lastSign) / 1000;
    return since > IDLE_AFTER_SECONDS ? this.counted : this.counted + since;
  }
}
