/** Whether the page may hear the person: asks for it where nobody has answered yet. */
export async function hasMicrophone(): Promise<boolean> {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true })
    for (const track of stream.getTracks()) track.stop()
    return true
  } catch {
    return false // refused, none there, or the page is not secure
  }
}
