package feedback

import (
	"math"
	"math/bits"
)

// MaxBitrate is the receiver's estimate of the maximum bitrate (REMB,
// draft-alvestrand-rmcat-remb-03 §2.2).
type MaxBitrate struct {
	Sender uint32
	// Bitrate is in bits per second, of all SSRCs together. It is written with
	// 18 significant bits, rounded down.
	Bitrate uint64
	// SSRCs are the media sources that it applies to, at most 255; those beyond
	// are left out when written.
	SSRCs []uint32
}

const (
	maxBitrateID     = 'R'<<24 | 'E'<<16 | 'M'<<8 | 'B'
	maxBitrateHeader = feedbackHeaderSize + 8
	mantissaBits     = 18
)

func isMaxBitrate(body []byte) bool {
	return len(body) >= maxBitrateHeader && get32(body[feedbackHeaderSize:]) == maxBitrateID
}

// Append appends the packet to dst.
func (m *MaxBitrate) Append(dst []byte) []byte {
	start := len(dst)
	ssrcs := m.SSRCs[:min(len(m.SSRCs), 255)]
	dst = open(dst, formatApplication, TypePayloadFeedback)
	// The draft, §2.2: the SSRC of the media source is "always 0".
	dst = append32(append32(dst, m.Sender), 0)
	dst = append32(dst, maxBitrateID)
	exponent := max(0, bits.Len64(m.Bitrate)-mantissaBits)
	dst = append(dst, uint8(len(ssrcs)))
	dst = append24(dst, uint32(exponent)<<mantissaBits|uint32(m.Bitrate>>exponent))
	for _, ssrc := range ssrcs {
		dst = append32(dst, ssrc)
	}
	return closed(dst, start)
}

// Parse reads p. A bitrate beyond 64 bits is read as the highest there is.
func (m *MaxBitrate) Parse(p Packet) error {
	if !p.Is(KindMaxBitrate) {
		return ErrKind
	}
	b := p.Body
	n := int(b[feedbackHeaderSize+4])
	if len(b) != maxBitrateHeader+4*n {
		return ErrMalformed
	}
	field := get24(b[feedbackHeaderSize+5:])
	exponent, mantissa := int(field>>mantissaBits), uint64(field&(1<<mantissaBits-1))
	m.Sender, m.Bitrate = get32(b), mantissa<<exponent
	if bits.Len64(mantissa)+exponent > 64 {
		m.Bitrate = math.MaxUint64
	}
	m.SSRCs = parseSSRCs(m.SSRCs[:0], b[maxBitrateHeader:])
	return nil
}
