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
	// historyAge is how long a packet is kept while the round-trip time is not
	// known; then it is three of those, within the limits.
	historyAge    = 2 * time.Second
	minHistoryAge = time.Second
	maxHistoryAge = 4 * time.Second
	// historyStart is how many packets a history has room for at first.
	historyStart = 32
)

// A sentPacket is a packet that may be sent again. There are many of them, so that
// it is kept small.
type sentPacket struct {
	number int64         // extended sequence number
	at     time.Duration // when it was sent, since the history's epoch
	again  time.Duration // when it was last sent again, 0 for never
	length int           // of the payload

	// To be sent as a retransmission (RFC 4588 §4): what a new packet is made of. Or
	// the payload is all of the protected packet, to be sent as it was.
	payload     *Payload
	verbatim    bool
	timestamp   uint32
	payloadType uint8
	sources     uint8
	marker      bool

	used bool
	// bytes has what else a new packet is made of, the contributing sources, 4
	// bytes each, and the elements of the header extension that came with it:
	// identifier, length, data.
	bytes []byte
}

func (e *sentPacket) size() int {
	n := len(e.bytes)
	if e.payload != nil {
		n += len(e.payload.b)
	}
	return n
}

// setHeader notes contributing sources and elements.
func (e *sentPacket) setHeader(sources []uint32, elements []rtpheader.Element) {
	e.sources = uint8(len(sources))
	for _, s := range sources {
		e.bytes = binary.BigEndian.AppendUint32(e.bytes, s)
	}
	for _, x := range elements {
		e.bytes = append(e.bytes, x.ID, uint8(len(x.Data)))
		e.bytes = append(e.bytes, x.Data...)
	}
}

// appendSources and appendElements return what setHeader noted.
func (e *sentPacket) appendSources(dst []uint32) []uint32 {
	for i := range e.sources {
		dst = append(dst, binary.BigEndian.Uint32(e.bytes[4*i:]))
	}
	return dst
}

func (e *sentPacket) appendElements(dst []rtpheader.Element) []rtpheader.Element {
	for b := e.bytes[4*int(e.sources):]; len(b) > 0; {
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
	// epoch is when the first packet was sent, age how long they are kept; 0
	// stands for historyAge.
	epoch time.Time
	age   time.Duration
}

func (h *history) slot(number int64) *sentPacket { return &h.slots[number&int64(len(h.slots)-1)] }

// add returns the slot of a packet that is being sent, to be filled and then
// counted; nil for one that is older than all that there is room for.
func (h *history) add(number int64, now time.Time) *sentPacket {
	h.expire(now)
	switch {
	case h.slots == nil:
		h.slots, h.epoch = make([]sentPacket, historyStart), now
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
	e.number, e.used, e.at, e.again = number, true, h.since(now), 0
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

// resent reports whether a packet was sent again less than wait ago.
func (h *history) resent(e *sentPacket, now time.Time, wait time.Duration) bool {
	return e.again != 0 && h.since(now)-e.again < wait
}

// since returns the time since just before the first packet was sent.
func (h *history) since(now time.Time) time.Duration { return now.Sub(h.epoch) + 1 }

// measured sets how long packets are kept by the round-trip time: long enough to
// be lost, asked for and lost again.
func (h *history) measured(rtt time.Duration) {
	h.age = min(max(3*rtt, minHistoryAge), maxHistoryAge)
}

// expire drops the oldest packets, as far as the bounds demand.
func (h *history) expire(now time.Time) {
	age := h.age
	if age == 0 {
		age = historyAge
	}
	since := h.since(now)
	for h.count > 0 {
		e := h.slot(h.low)
		if e.used && h.bytes <= historyBytes && since-e.at <= age {
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
	e.used, e.bytes = false, e.bytes[:0]
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
