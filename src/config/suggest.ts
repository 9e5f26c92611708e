/** The known word that was probably meant: mistyped by a letter or two, or written in another case or number. */

/** The nearest of `words`, undefined when none is near. Case, `-` and `_` do not count. */
export function suggest(word: string, words: readonly string[]): string | undefined {
  const folded = fold(word);
  let best: string | undefined;
  // A third of the letters may be wrong, at most 2: "prot" must not become "path".
  let least = Math.min(2, Math.floor(folded.length / 3)) + 1;
  for (const candidate of words) {
    const distance = distanceOf(folded, fold(candidate));
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best ?? words.find((candidate) => folded.length >= 3 && fold(candidate).includes(folded));
}

function fold(word: string): string {
  return word.toLowerCase().replace(/[-_]/g, "");
}

/** Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). */
function distanceOf(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      row[j] = Math.min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(row[j], before[j - 2] + 1);
    }
    before = previous;
    previous = row;
  }
  return previous[b.length];
}
