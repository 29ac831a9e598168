package transceiver

import (
	"github.com/parleyrtc/webrtc/transceiver/red"
	"github.com/parleyrtc/webrtc/transceiver/rtpheader"
)

// unpack gives the blocks of a redundant packet (RFC 2198) to its track: the
// primary block as the packet, with the payload type of its own, those before it
// as the packets that they repeat, as far as these have not come.
func (s *Session) unpack(d *delivery, st *stream, h *rtpheader.Header, b []byte, ext uint64, a arrival, info PacketInfo) {
	if len(h.Payload(b)) == 0 {
		// RFC 3550 §5.1: padding alone, as peers send it to probe the path. It has
		// no blocks, and a sequence number that is not to be missed.
		d.add(st, h, b, ext, levels{}, info)
		return
	}
	blocks, err := red.Split(h.Payload(b))
	if err != nil {
		st.count.Discarded++
		return
	}
	d.reserve(blocks.Len()*rtpheader.FixedSize + len(b))
	st.holes.expect(blocks, h.Timestamp)
	for block, ok := blocks.Next(); ok; block, ok = blocks.Next() {
		f := st.binding.format(block.PayloadType)
		switch {
		case f.kind == formatFEC:
			st.count.FECPackets++
		case f.kind != formatMedia:
			st.count.Discarded++
		case block.Distance > 0:
			// A packet that comes late has nothing to add.
			t := h.Timestamp - uint32(block.TimestampOffset)
			n, ok := st.holes.place(t)
			if ok && a == arrivalNext && len(block.Payload) > 0 && st.seq.missing(n) {
				s.redundant(d, st, uint16(n), t, block, f, info)
			}
		default:
			st.carries(block.PayloadType, f, a)
			// The header moves to where the block begins.
			start := len(b) - int(h.PaddingSize) - len(block.Payload) - h.Size()
			copy(b[start:], b[:h.Size()])
			b = b[start:]
			rtpheader.SetPayloadType(b, block.PayloadType)
			h.PayloadType = block.PayloadType
			d.add(st, h, b, ext, s.table.read(h, b).levels, info)
		}
	}
}

// redundant makes a packet of a redundant block and gives it to the stream.
func (s *Session) redundant(d *delivery, st *stream, n uint16, timestamp uint32, block red.Block, f *format, info PacketInfo) {
	// RFC 2198 §3 repeats neither marker nor contributing sources.
	start := len(d.scratch)
	b, err := rtpheader.Append(d.scratch, &rtpheader.Fields{
		PayloadType: block.PayloadType, SequenceNumber: n, Timestamp: timestamp, SSRC: st.ssrc,
	})
	if err != nil {
		return
	}
	d.scratch = append(b, block.Payload...)
	b = d.scratch[start:len(d.scratch):len(d.scratch)]
	var h rtpheader.Header
	if h.Parse(b) != nil {
		return
	}
	info.Recovered = true
	s.media(d, st, &h, b, f, levels{}, info)
}
