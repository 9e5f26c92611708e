/** Header fields whose values let their reader act as somebody else: pages and explanations leave them out. */
const SECRET = /authorization|cookie|token|secret|password|api-?key/i;

export function isSecretName(name: string): boolean {
  return SECRET.test(name);
}
