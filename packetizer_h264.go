package webrtc

import (
	"bytes"
	"encoding/binary"
)

// An h264Payloader cuts H.264 access units, which are NAL units behind start codes
// (H.264 Annex B), or one NAL unit without, into payloads (RFC 6184).
//
// Parameter sets wait for the NAL unit behind them, in this sample or a later one,
// and go in one packet.
type h264Payloader struct {
	// single says that the peer takes no aggregated units (packetization-mode 0).
	single bool
	// held are the parameter sets that wait, each behind its length in two bytes: what
	// an aggregation packet is made of. units is their number.
	held  []byte
	units int
	// room is what payloads are in that are not NAL units as they came. It is used
	// again.
	room     []byte
	payloads [][]byte
}

const (
	// Types of NAL units: H.264 §7.4.1, RFC 6184 §5.2.
	h264SPS       = 7
	h264PPS       = 8
	h264Delimiter = 9
	h264Filler    = 12
	h264STAPA     = 24
	h264FUA       = 28

	// The first byte of a NAL unit: RFC 6184 §1.3.
	h264Type      = 0x1F
	h264NRI       = 0x60
	h264Forbidden = 0x80

	// The second byte of a fragment: RFC 6184 §5.8.
	h264FragmentStart = 0x80
	h264FragmentEnd   = 0x40

	// h264RoomKept is how much memory is kept from one frame to the next, in bytes.
	h264RoomKept = 256 << 10
)

var annexBStart = []byte{0, 0, 1}

// Payload implements rtp.Payloader. The fragments of a NAL unit are of one size, but
// for the last, which may be smaller: the system sends those as one message. The
// payloads are valid until the next call, and as long as frame.
func (p *h264Payloader) Payload(mtu uint16, frame []byte) [][]byte {
	if p.payloads = p.payloads[:0]; mtu < 4 {
		return nil
	}
	if p.room = p.room[:0]; cap(p.room) > h264RoomKept {
		p.room = nil
	}
	i := bytes.Index(frame, annexBStart)
	if i < 0 {
		p.add(int(mtu), frame)
		return p.payloads
	}
	for rest := frame[i+len(annexBStart):]; len(rest) > 0; {
		end := bytes.Index(rest, annexBStart)
		if end < 0 {
			p.add(int(mtu), rest)
			break
		}
		// H.264 §B.1: zeros before a start code are not the unit's, which does not end
		// with one (§7.4.1).
		p.add(int(mtu), bytes.TrimRight(rest[:end], "\x00"))
		rest = rest[end+len(annexBStart):]
	}
	return p.payloads
}

// add takes a NAL unit.
func (p *h264Payloader) add(mtu int, unit []byte) {
	if len(unit) == 0 {
		return
	}
	switch unit[0] & h264Type {
	case h264Delimiter, h264Filler:
		return // of no use to who has frames
	case h264SPS, h264PPS:
		if !p.single && 1+2+len(unit) <= mtu {
			if 1+len(p.held)+2+len(unit) > mtu {
				p.release()
			}
			p.held = append(binary.BigEndian.AppendUint16(p.held, uint16(len(unit))), unit...)
			p.units++
			return
		}
	}
	p.release()
	if len(unit) <= mtu {
		p.payloads = append(p.payloads, unit)
		return
	}
	p.fragment(mtu, unit)
}

// release makes a packet of the parameter sets that wait. RFC 6184 §5.7: of an
// aggregation packet (STAP-A) the F bit is set if it is in any of its units, and NRI
// is the greatest of theirs.
func (p *h264Payloader) release() {
	if p.units == 0 {
		return
	}
	start := len(p.room)
	if p.units == 1 {
		p.room = append(p.room, p.held[2:]...)
	} else {
		forbidden, nri := byte(0), byte(0)
		for b := p.held; len(b) > 0; b = b[2+binary.BigEndian.Uint16(b):] {
			forbidden, nri = forbidden|b[2]&h264Forbidden, max(nri, b[2]&h264NRI)
		}
		p.room = append(append(p.room, forbidden|nri|h264STAPA), p.held...)
	}
	p.end(start)
	p.held, p.units = p.held[:0], 0
}

// fragment cuts a NAL unit that is larger than a packet (RFC 6184 §5.8, FU-A). A peer
// with packetization-mode 0 is not promised those, but there is no other way to it.
func (p *h264Payloader) fragment(mtu int, unit []byte) {
	indicator, kind, rest := unit[0]&^h264Type|h264FUA, unit[0]&h264Type, unit[1:]
	n := (len(rest) + mtu - 3) / (mtu - 2)
	size := (len(rest) + n - 1) / n
	for mark := byte(h264FragmentStart); len(rest) > 0; mark = 0 {
		k, start := min(size, len(rest)), len(p.room)
		if k == len(rest) {
			mark |= h264FragmentEnd
		}
		p.room = append(append(p.room, indicator, mark|kind), rest[:k]...)
		p.end(start)
		rest = rest[k:]
	}
}

// end makes what has been appended to the room since start a payload.
func (p *h264Payloader) end(start int) {
	p.payloads = append(p.payloads, p.room[start:len(p.room):len(p.room)])
}
