/**
 * Lines of at most `width` columns, unless one word is longer; what a line of the text is continued on starts with `indent` blanks.
 * Blanks at its own start are kept.
 */
export function wrapped(text: string, width: number, indent: number): string[] {
  return text.split('\n').flatMap((given) => {
    const lines: string[] = [];
    const [first = '', ...words] = given.split(' ');
    let line = first;
    for (const word of words) {
      if (line.trim() !== '' && line.length + 1 + word.length > width) {
        lines.push(line);
        line = `${' '.repeat(indent)}${word}`;
      } else line = `${line} ${word}`;
    }
    return [...lines, line];
  });
}
