/** HTTP's preferred date format (RFC 9110 5.6.7), such as `Sun, 06 Nov 1994 08:49:37 GMT`. @param ms since 1970 */
export function httpDate(ms: number): string {
  return new Date(ms).toUTCString();
}
