/** What the browser's figures say of a call's sound. */
import type { SoundStats } from './driver'

type Figures = { type: string; kind?: string } & Record<string, unknown>

const number = (value: unknown): number => (typeof value === 'number' ? value : 0)

export function soundOf(report: { forEach: (each: (figures: Figures) => void) => void }): SoundStats {
  const sound: SoundStats = { received: 0, sent: 0, lost: 0, heard: 0, said: 0 }
  report.forEach((one) => {
    if (one.kind !== 'audio') return
    if (one.type === 'inbound-rtp') {
      sound.received += number(one.packetsReceived)
      sound.lost += number(one.packetsLost)
      sound.heard += number(one.totalAudioEnergy)
    } else if (one.type === 'outbound-rtp') sound.sent += number(one.packetsSent)
    else if (one.type === 'media-source') sound.said += number(one.totalAudioEnergy)
  })
  return sound
}
