import classes from "./brand.module.css";

export function Brand() {
  return (
    <span className={classes.brand}>
      <svg width="22" height="22" viewBox="0 0 32 32" aria-hidden="true">
        <path d="M3 22 29 15v6.5L3 28.5z" fill="var(--line-strong)" />
        <path d="M6 15.5 26.5 4l2.2 6.5L6 17.8z" fill="var(--accent)" />
      </svg>
      Whetstone
    </span>
  );
}
