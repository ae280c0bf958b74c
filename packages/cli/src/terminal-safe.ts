const ESCAPE = '\u001b';
/** Colour and weight as this program writes them; everything else that moves a cursor, hides or renames is not ours. */
const ownStyle = /^\[(?:[012]|22|3[1236]|39)m/;
/** Control characters but tab and line ends, and the marks that turn the direction of text around. */
const controls = /(?!\t|\r?\n)\p{Cc}|\p{Bidi_Control}/gu;

/**
 * Text for a terminal. Names, reasons and problem texts come from other machines, and a hostile one could overwrite what
 * stands on the screen; each such character is shown as U+FFFD.
 */
export function terminalSafe(text: string): string {
  const [first, ...rest] = text.split(ESCAPE).map((part) => part.replace(controls, '\ufffd'));
  return first + rest.map((part) => `${ownStyle.test(part) ? ESCAPE : '\ufffd'}${part}`).join('');
}
