package feedback

// maxNackPairs is how many entries of 17 sequence numbers go into one packet.
const maxNackPairs = 253

// MaxNackSequences is how many sequence numbers [Nack.Parse] takes from one
// packet: more than any receiver waits for, few enough that a packet of 64 KiB
// does not make a sender work for long.
const MaxNackSequences = 4096

// Nack is a generic negative acknowledgement (RFC 4585 §6.2.1).
type Nack struct {
	// Sender is who misses packets, Media the source that sent them.
	Sender, Media uint32
	// Sequences are the sequence numbers of the packets.
	Sequences []uint16
}

// Append appends the packet to dst, nothing if no packet is missing, several
// where one would not fit a datagram. Sequences in ascending order (modulo
// 65536) are packed best.
func (n *Nack) Append(dst []byte) []byte {
	for rest := n.Sequences; len(rest) > 0; {
		start := len(dst)
		dst = open(dst, formatNack, TypeTransportFeedback)
		dst = append32(append32(dst, n.Sender), n.Media)
		for pairs := 0; pairs < maxNackPairs && len(rest) > 0; pairs++ {
			// RFC 4585 §6.2.1: bit i of BLP stands for the packet with the
			// sequence number PID+i+1.
			pid, blp := rest[0], uint16(0)
			for rest = rest[1:]; len(rest) > 0; rest = rest[1:] {
				d := rest[0] - pid
				if d > 16 {
					break
				}
				if d > 0 {
					blp |= 1 << (d - 1)
				}
			}
			dst = append16(append16(dst, pid), blp)
		}
		dst = closed(dst, start)
	}
	return dst
}

// Parse reads p. Sequence numbers beyond [MaxNackSequences] are passed over.
func (n *Nack) Parse(p Packet) error {
	if !p.Is(KindNack) {
		return ErrKind
	}
	b := p.Body
	if len(b) < feedbackHeaderSize+4 || len(b)%4 != 0 {
		return ErrMalformed
	}
	n.Sender, n.Media, n.Sequences = get32(b), get32(b[4:]), n.Sequences[:0]
	for b = b[feedbackHeaderSize:]; len(b) > 0; b = b[4:] {
		pid, blp := get16(b), get16(b[2:])
		if len(n.Sequences)+17 > MaxNackSequences {
			break
		}
		n.Sequences = append(n.Sequences, pid)
		for ; blp != 0; blp >>= 1 {
			pid++
			if blp&1 != 0 {
				n.Sequences = append(n.Sequences, pid)
			}
		}
	}
	return nil
}
