package transceiver

import (
	"encoding/binary"
	"time"

	"github.com/parleyrtc/webrtc/transceiver/rtpheader"
)

// Bounds of what a stream keeps for the peer to ask for again. A receiver gives
// up on a packet before that: it has to play it out.
const (
	historyPackets = 1024
	historyBytes   = 2 << 20
	historyAge     = 2 * time.Second
	// historyStart is how many packets a history has room for at first.
	historyStart = 32
)

// A sentPacket is a packet that may be sent again.
type sentPacket struct {
	number int64 // extended sequence number
	used   bool
	at     time.Time // when it was sent
	again  time.Time // when it was last sent again, zero for never
	length int       // of the payload

	// To be sent as a retransmission (RFC 4588 §4): what a new packet is made of.
	marker      bool
	payloadType uint8
	timestamp   uint32
	sources     int
	// extra has the contributing sources, 4 bytes each, and the elements of the
	// header extension that came with the packet: identifier, length, data.
	extra   []byte
	payload *Payload

	// To be sent as it was: the protected packet.
	sealed []byte
}

func (e *sentPacket) size() int {
	n := len(e.extra) + len(e.sealed)
	if e.payload != nil {
		n += len(e.payload.b)
	}
	return n
}

// setExtra notes contributing sources and elements.
func (e *sentPacket) setExtra(sources []uint32, elements []rtpheader.Element) {
	e.sources, e.extra = len(sources), e.extra[:0]
	for _, s := range sources {
		e.extra = binary.BigEndian.AppendUint32(e.extra, s)
	}
	for _, x := range elements {
		e.extra = append(e.extra, x.ID, uint8(len(x.Data)))
		e.extra = append(e.extra, x.Data...)
	}
}

// appendSources and appendElements return what setExtra noted.
func (e *sentPacket) appendSources(dst []uint32) []uint32 {
	for i := range e.sources {
		dst = append(dst, binary.BigEndian.Uint32(e.extra[4*i:]))
	}
	return dst
}

func (e *sentPacket) appendElements(dst []rtpheader.Element) []rtpheader.Element {
	for b := e.extra[4*e.sources:]; len(b) > 0; {
		n := 2 + int(b[1])
		dst = append(dst, rtpheader.Element{ID: b[0], Data: b[2:n]})
		b = b[n:]
	}
	return dst
}

// A history keeps the packets that a stream has sent, bounded in number, bytes
// and age. Payloads are shared with other streams.
type history struct {
	// slots is a ring by extended sequence number; its length is a power of two.
	// It grows as it has to. A slot's slices are used again.
	slots []sentPacket
	// All packets have numbers from low to high.
	low, high    int64
	count, bytes int
}

func (h *history) slot(number int64) *sentPacket { return &h.slots[number&int64(len(h.slots)-1)] }

// add returns the slot of a packet that is being sent, to be filled and then
// counted; nil for one that is older than all that there is room for.
func (h *history) add(number int64, now time.Time) *sentPacket {
	h.expire(now)
	switch {
	case h.slots == nil:
		h.slots = make([]sentPacket, historyStart)
		h.low, h.high = number, number
	case h.count == 0:
		h.low, h.high = number, number
	case number > h.high:
		h.makeRoom(number)
		h.high = number
	case number < h.low:
		if h.high-number >= int64(len(h.slots)) {
			return nil
		}
		h.low = number
	}
	e := h.slot(number)
	if e.used {
		h.drop(e)
	}
	e.number, e.used, e.at, e.again = number, true, now, time.Time{}
	h.count++
	return e
}

// counted takes the size of a filled slot into account.
func (h *history) counted(e *sentPacket) { h.bytes += e.size() }

// makeRoom makes number, which is higher than all others, fit the ring.
func (h *history) makeRoom(number int64) {
	if number-h.high >= historyPackets {
		h.clear()
		h.low = number
		return
	}
	for number-h.low >= int64(len(h.slots)) && len(h.slots) < historyPackets {
		h.grow()
	}
	for number-h.low >= int64(len(h.slots)) {
		if e := h.slot(h.low); e.used {
			h.drop(e)
		}
		h.low++
	}
}

func (h *history) grow() {
	old := h.slots
	h.slots = make([]sentPacket, 2*len(old))
	for i := range old {
		if old[i].used {
			*h.slot(old[i].number) = old[i]
		}
	}
}

// get returns the newest packet with a sequence number, or nil.
func (h *history) get(sequence uint16) *sentPacket {
	if h.count == 0 {
		return nil
	}
	number := h.high + int64(int16(sequence-uint16(h.high)))
	if e := h.slot(number); e.used && e.number == number {
		return e
	}
	return nil
}

// expire drops the oldest packets, as far as the bounds demand.
func (h *history) expire(now time.Time) {
	for h.count > 0 {
		e := h.slot(h.low)
		if e.used && h.bytes <= historyBytes && now.Sub(e.at) <= historyAge {
			return
		}
		if e.used {
			h.drop(e)
		}
		h.low++
	}
}

func (h *history) drop(e *sentPacket) {
	h.count--
	h.bytes -= e.size()
	if e.payload != nil {
		e.payload.Release()
		e.payload = nil
	}
	e.used, e.extra, e.sealed = false, e.extra[:0], e.sealed[:0]
}

// clear drops all packets, free gives back the memory as well.
func (h *history) clear() {
	for i := range h.slots {
		if h.slots[i].used {
			h.drop(&h.slots[i])
		}
	}
}

func (h *history) free() {
	h.clear()
	h.slots = nil
}
