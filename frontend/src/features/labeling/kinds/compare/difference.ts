/** A stretch of text that is in both responses, or in this one only. */
export interface Piece {
  text: string;
  own: boolean;
}

/** Beyond this many words the table of the comparison would be too large; texts show plainly. */
const MOST_WORDS = 3_000;

const words = (text: string): string[] =>
  text.match(
    /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu,
  ) ?? [];

/**
 * Two texts split into what they share and what is only theirs, word by word (longest common
 * subsequence). Chinese and Japanese are compared character by character.
 */
export function difference(left: string, right: string): [Piece[], Piece[]] {
  const a = words(left);
  const b = words(right);
  if (a.length > MOST_WORDS || b.length > MOST_WORDS) {
    return [[{ text: left, own: false }], [{ text: right, own: false }]];
  }
  // longest[i][j]: length of the longest common subsequence of a[i:] and b[j:].
  const width = b.length + 1;
  const longest = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      longest[i * width + j] =
        a[i] === b[j]
          ? (longest[(i + 1) * width + j + 1] as number) + 1
          : Math.max(longest[(i + 1) * width + j] as number, longest[i * width + j + 1] as number);
    }
  }
  const shared: [Set<number>, Set<number>] = [new Set(), new Set()];
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      shared[0].add(i++);
      shared[1].add(j++);
    } else if ((longest[(i + 1) * width + j] as number) >= (longest[i * width + j + 1] as number)) {
      i++;
    } else {
      j++;
    }
  }
  return [pieces(a, shared[0]), pieces(b, shared[1])];
}

function pieces(tokens: string[], shared: Set<number>): Piece[] {
  const found: Piece[] = [];
  tokens.forEach((text, i) => {
    const own = !shared.has(i);
    const last = found.at(-1);
    if (last && last.own === own) last.text += text;
    else found.push({ text, own });
  });
  return found;
}
