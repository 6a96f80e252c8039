/** What the browser's figures say of a call's sound. */
import type { SoundStats, SoundWay } from './driver'

type Figures = { type: string; id?: string; kind?: string } & Record<string, unknown>

const number = (value: unknown): number => (typeof value === 'number' ? value : 0)

export function soundOf(report: { forEach: (each: (figures: Figures) => void) => void }): SoundStats {
  const sound: SoundStats = { received: 0, sent: 0, lost: 0, heard: 0, said: 0, way: wayOf(report), broken: false }
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

/** Of the pair of candidates that is in use: what kind ours is. */
function wayOf(report: { forEach: (each: (figures: Figures) => void) => void }): SoundWay {
  const kinds = new Map<unknown, SoundWay>()
  let pair: unknown
  let used: unknown
  report.forEach((one) => {
    if (one.type === 'local-candidate') kinds.set(one.id, one.candidateType === 'relay' ? 'relay' : 'direct')
    else if (one.type === 'transport') pair = one.selectedCandidatePairId
  })
  report.forEach((one) => {
    // Firefox names no pair at the transport, and marks the pair itself.
    if (one.type === 'candidate-pair' && (one.id === pair || one.selected === true)) used = one.localCandidateId
  })
  return kinds.get(used) ?? ''
}
