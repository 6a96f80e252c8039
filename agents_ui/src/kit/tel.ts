/** The address of a `tel:` link for what is a phone number, else null. The phone of the console takes clicks on them. */
export function telOf(address: string): string | null {
  const number = address.replace(/^(phone|tel|sms):/, '').trim()
  return /^\+?[\d\s()./-]{3,40}$/.test(number) ? `tel:${number.replace(/[\s()./-]/g, '')}` : null
}
