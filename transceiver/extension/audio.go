package extension

// Level is the data of [AudioLevel] (RFC 6464 §3).
type Level struct {
	// Level is in -dBov: 0 for the loudest, 127 for silence.
	Level uint8
	// Voice says that the encoder believes to hear speech. It is meaningful
	// only if a=extmap did not say vad=off.
	Voice bool
}

const maxLevel = 127

// Append appends the data of [AudioLevel]; a level above 127 is silence.
func (l Level) Append(dst []byte) []byte {
	b := min(l.Level, maxLevel)
	if l.Voice {
		b |= 0x80
	}
	return append(dst, b)
}

// ParseLevel reads the data of [AudioLevel].
func ParseLevel(data []byte) (Level, error) {
	// RFC 6464 §3: one byte; a second one would be padding of the two-byte form.
	if len(data) != 1 && len(data) != 2 {
		return Level{}, ErrMalformed
	}
	return Level{Level: data[0] & 0x7f, Voice: data[0]&0x80 != 0}, nil
}

// AppendMixerLevels appends the data of [MixerAudioLevel]: one level in -dBov for
// each contributing source of the packet, in their order. RFC 6465 §3 wants at
// least one.
func AppendMixerLevels(dst []byte, levels []uint8) []byte {
	for _, l := range levels {
		dst = append(dst, min(l, maxLevel))
	}
	return dst
}

// MixerLevel returns the level of contributing source i in the data of
// [MixerAudioLevel], in -dBov; false if the data has none for it.
func MixerLevel(data []byte, i int) (uint8, bool) {
	if i < 0 || i >= len(data) {
		return 0, false
	}
	return data[i] & 0x7f, true
}
