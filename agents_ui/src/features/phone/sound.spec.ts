import { expect, it } from 'vitest'
import { soundOf } from './sound'

it('adds up what was heard and said, and leaves pictures out', () => {
  const figures = [
    { type: 'inbound-rtp', kind: 'audio', packetsReceived: 10, packetsLost: 1, totalAudioEnergy: 0.5 },
    { type: 'inbound-rtp', kind: 'video', packetsReceived: 99 },
    { type: 'outbound-rtp', kind: 'audio', packetsSent: 7 },
    { type: 'media-source', kind: 'audio', totalAudioEnergy: 0.25 },
    { type: 'candidate-pair' },
  ]
  expect(soundOf(figures)).toEqual({ received: 10, sent: 7, lost: 1, heard: 0.5, said: 0.25, way: '', broken: false })
  expect(soundOf([])).toEqual({ received: 0, sent: 0, lost: 0, heard: 0, said: 0, way: '', broken: false })
})

it('says which way the sound goes: that of the pair in use, and not of one that was tried', () => {
  const candidates = [
    { type: 'candidate-pair', id: 'tried', localCandidateId: 'near' },
    { type: 'candidate-pair', id: 'used', localCandidateId: 'far' },
    { type: 'local-candidate', id: 'near', candidateType: 'host' },
    { type: 'local-candidate', id: 'far', candidateType: 'relay' },
  ]
  expect(soundOf([...candidates, { type: 'transport', selectedCandidatePairId: 'used' }]).way).toBe('relay')
  expect(soundOf([...candidates, { type: 'transport', selectedCandidatePairId: 'tried' }]).way).toBe('direct')
  expect(soundOf([...candidates, { type: 'candidate-pair', id: 'x', selected: true, localCandidateId: 'far' }]).way).toBe('relay')
})
