/** Another proof of the same form: one letter near its middle is another. */
export default function (proof) {
  const at = Math.floor(proof.length / 2);
  return proof.slice(0, at) + (proof[at] === 'A' ? 'B' : 'A') + proof.slice(at + 1);
}
