/** Where something listens or is reached: an IP address with a port, or a unix socket. Names are resolved before this. */
export type Address =
  | { readonly family: "ip4" | "ip6"; readonly host: string; readonly port: number }
  | { readonly family: "unix"; readonly path: string };

/** `10.0.0.1:80`, `[::1]:80` or `unix:/run/app.sock`: the form that logs, metrics and configuration share. */
export function formatAddress(address: Address): string {
  if (address.family === "unix") return `unix:${address.path}`;
  return address.family === "ip6" ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}
