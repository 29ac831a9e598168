package feedback

// Goodbye is a BYE packet (RFC 3550 §6.6).
type Goodbye struct {
	// Sources leave.
	Sources []uint32
	// Reason is empty for none, at most 255 bytes of UTF-8; what is longer is
	// cut when written. It aliases the packet it was read from.
	Reason []byte
}

// Append appends the packet to dst, nothing if no source leaves; after 31
// sources another with the same reason.
func (g *Goodbye) Append(dst []byte) []byte {
	reason := g.Reason[:min(len(g.Reason), 255)]
	for rest := g.Sources; len(rest) > 0; {
		start := len(dst)
		n := min(len(rest), maxCount)
		dst = open(dst, uint8(n), TypeGoodbye)
		for _, ssrc := range rest[:n] {
			dst = append32(dst, ssrc)
		}
		if len(reason) > 0 {
			dst = append(append(dst, uint8(len(reason))), reason...)
		}
		dst = closed(dst, start)
		rest = rest[n:]
	}
	return dst
}

// Parse reads p.
func (g *Goodbye) Parse(p Packet) error {
	if p.Type != TypeGoodbye {
		return ErrKind
	}
	n := 4 * int(p.Count)
	if len(p.Body) < n {
		return ErrMalformed
	}
	var reason []byte
	if rest := p.Body[n:]; len(rest) > 0 {
		end := 1 + int(rest[0])
		if end > len(rest) {
			return ErrMalformed
		}
		reason = rest[1:end:end]
	}
	g.Sources, g.Reason = parseSSRCs(g.Sources[:0], p.Body[:n]), reason
	return nil
}

func parseSSRCs(dst []uint32, b []byte) []uint32 {
	for ; len(b) >= 4; b = b[4:] {
		dst = append(dst, get32(b))
	}
	return dst
}
