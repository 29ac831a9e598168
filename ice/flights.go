package ice

import (
	"encoding/binary"
	"hash/crc32"
	"slices"
	"time"

	"github.com/pion/stun/v4"
)

// The attributes that carry a packet of the DTLS handshake and acknowledge those
// that have come (draft-hancke-webrtc-sped-00 §3.3.2, numbers of the IANA registry
// "STUN Attributes").
const (
	attrDTLSInSTUN    stun.AttrType = 0xc070
	attrDTLSInSTUNAck stun.AttrType = 0xc071
)

const (
	// maxCarrier is the size of the largest message with a packet in it: what fits
	// every path (draft-hancke-webrtc-sped-00 §3.3.3).
	maxCarrier = 1200
	// MaxFlightPacket is the size of the largest packet that a check can carry beside
	// its other attributes and the header of a TURN server's.
	MaxFlightPacket = 1000
	// maxFlight bounds the packets that wait, far above what a flight needs.
	maxFlight = 8
	// maxFlightAcks is the number of acknowledgements in a message
	// (draft-hancke-webrtc-sped-00 §3.3.2.2).
	maxFlightAcks = 4
	// flightWait is how long a check waits for the packet that it is to carry, which
	// the handshake's goroutine makes in much less.
	flightWait = 10 * time.Millisecond
	// unaskedFlight bounds the bytes of packets that an address gets before anything
	// has come from it: a ClientHello, some times over.
	unaskedFlight = 1200
)

// FlightReceived hands over a packet of the peer's DTLS handshake that an
// authenticated check, or the answer to one, has carried. It is the receiver's.
type FlightReceived struct{ Data []byte }

func (FlightReceived) agentEvent() {}

// flights is the part of an agent that carries the packets of the DTLS handshake in
// checks and their answers while no pair is valid (draft-hancke-webrtc-sped-00 §4).
type flights struct {
	// carrying: messages have the attributes. It ends with the handshake, or when a
	// peer turns out to know nothing of it.
	carrying bool
	// heard: an authenticated message of the peer's has had them.
	heard bool
	// queue holds packets that have not been acknowledged, the draft's list L1.
	queue []flightPacket
	next  int // of the queue, in turn
	// answering: something has come since the last packet was queued, so that the next
	// one begins a new flight.
	answering bool
	// received holds the checksums of the last packets that came, the draft's list L2.
	received []uint32
	// hold is until when checks wait for the packet that they are to carry.
	hold time.Time
}

type flightPacket struct {
	data []byte
	sum  uint32
	sent bool
}

// StartFlights says that the DTLS handshake has begun, as its client or its server:
// checks wait a moment for the first packet of a client, or of a server whose peer has
// sent one.
func (a *Agent) StartFlights(now time.Time, client bool) {
	f := &a.flights
	if a.closed || !f.carrying {
		return
	}
	f.hold = time.Time{}
	if client || len(f.received) > 0 {
		a.holdForFlight(now)
	}
	a.update(now)
}

// SendFlight takes a packet of the DTLS handshake for the checks and answers to come.
// It does not keep p. One that belongs to a new flight, or that repeats one, takes the
// place of those before.
func (a *Agent) SendFlight(now time.Time, p []byte) {
	f := &a.flights
	if a.closed || len(p) == 0 {
		return
	}
	if n := handshakeSequence(p); f.answering || n >= 0 && len(f.queue) > 0 && n <= handshakeSequence(f.queue[0].data) {
		f.queue, f.next = nil, 0
	}
	answers := f.answering
	f.answering, f.hold = false, time.Time{}
	if len(f.queue) < maxFlight {
		f.queue = append(f.queue, flightPacket{data: slices.Clone(p), sum: crc32.ChecksumIEEE(p)})
	}
	if answers {
		a.answerFlight()
	} else if f.carrying && a.selected == nil {
		a.hasten()
	}
	a.update(now)
}

// answerFlight has a packet sent at once that answers one of the peer's. The pace of
// RFC 8445 §14.2 is for checks of our own accord: this one is as much as the answer to
// what a message of the peer's has brought, and there is one for each.
func (a *Agent) answerFlight() {
	if !a.flights.waiting() || a.selected != nil {
		return
	}
	a.hasten()
	a.paced = time.Time{}
}

// hasten has pairs checked again for what is to be carried: those on which the peer
// has been heard, and waits.
func (a *Agent) hasten() {
	l := a.checked()
	if l == nil || a.lite {
		return
	}
	for _, p := range l.pairs {
		if p.state == CandidatePairStateInProgress && p.stats.RequestsReceived > 0 {
			l.trigger(p)
		}
	}
}

// TakeFlights returns the packets that have not been acknowledged, for a path to carry
// them by themselves, and forgets them.
func (a *Agent) TakeFlights() [][]byte {
	var all [][]byte
	for _, p := range a.flights.queue {
		all = append(all, p.data)
	}
	a.flights.queue, a.flights.hold = nil, time.Time{}
	return all
}

// EndFlights says that the DTLS handshake is done. What is left is for the path.
func (a *Agent) EndFlights() { a.flights = flights{queue: a.flights.queue} }

// holdForFlight makes checks wait for the handshake's next packet, unless packets need
// no check any more.
func (a *Agent) holdForFlight(now time.Time) {
	if a.flights.carrying && a.selected == nil && len(a.flights.queue) == 0 {
		a.flights.hold = now.Add(flightWait)
	}
}

// handshakeSequence returns the number of the first handshake message in a DTLS packet
// that is in the clear (RFC 6347 §4.2.2), or -1.
func handshakeSequence(p []byte) int {
	const at = 13 + 4 // record header, then type and length
	if len(p) < at+2 || p[0] != 22 || p[3] != 0 || p[4] != 0 {
		return -1
	}
	return int(binary.BigEndian.Uint16(p[at:]))
}

// attach adds the attributes to a message that is not signed yet: the
// acknowledgements, and a packet if the message stays within room bytes with it.
// draft-hancke-webrtc-sped-00 §3.3.2.1: "While SPED is active, this attribute MUST be
// present in every STUN Binding Request or Response"; without a packet it is empty.
func (f *flights) attach(m *stun.Message, room int) (carried int) {
	if !f.carrying {
		return 0
	}
	var acks [4 * maxFlightAcks]byte
	last := f.received[max(0, len(f.received)-maxFlightAcks):]
	for i, sum := range last {
		binary.BigEndian.PutUint32(acks[4*i:], sum)
	}
	m.Add(attrDTLSInSTUNAck, acks[:4*len(last)])
	if len(f.queue) > 0 {
		p := &f.queue[f.next%len(f.queue)]
		const rest = 4 + 3 + 24 + 8 // the attribute's header and padding, integrity, fingerprint
		if len(m.Raw)+rest+len(p.data) <= min(room, maxCarrier) {
			p.sent = true
			f.next++
			m.Add(attrDTLSInSTUN, p.data)
			return len(p.data)
		}
	}
	m.Add(attrDTLSInSTUN, nil)
	return 0
}

// waiting says whether a packet has not been sent at all.
func (f *flights) waiting() bool {
	return f.carrying && slices.ContainsFunc(f.queue, func(p flightPacket) bool { return !p.sent })
}

// flightRoom returns the size that a check with a packet may have. An address that has
// not proven that it receives gets no more than a first packet and three times what it
// has sent; one that nobody has announced has less credit (see affords).
func (r *remoteCandidate) flightRoom(carried int) int {
	switch {
	case r.proven:
		return maxCarrier
	case r.learned:
		return r.credit
	}
	return unaskedFlight + amplification*r.asked - carried
}

// takeFlight takes the attributes of an authenticated message.
func (a *Agent) takeFlight(now time.Time, r *binding) {
	f := &a.flights
	if !f.carrying {
		return
	}
	if !r.hasFlight {
		// draft-hancke-webrtc-sped-00 §4.3: "If this is the first authenticated STUN
		// message received from the peer, and the DTLS-IN-STUN-DATA attribute is not
		// present, conclude that the peer does not support SPED".
		if !f.heard {
			f.carrying, f.hold = false, time.Time{}
		}
		return
	}
	f.heard = true
	for acks := r.flightAcks; len(acks) >= 4; acks = acks[4:] {
		sum := binary.BigEndian.Uint32(acks)
		f.queue = slices.DeleteFunc(f.queue, func(p flightPacket) bool { return p.sum == sum })
	}
	// RFC 9443 §3: DTLS begins with 20 to 63.
	if len(r.flight) == 0 || len(r.flight) > maxCarrier || r.flight[0] < 20 || r.flight[0] > 63 {
		return
	}
	sum := crc32.ChecksumIEEE(r.flight)
	if slices.Contains(f.received, sum) {
		return
	}
	if len(f.received) >= 4*maxFlightAcks {
		f.received = slices.Delete(f.received, 0, 1)
	}
	f.received = append(f.received, sum)
	f.answering = true
	a.emit(FlightReceived{Data: slices.Clone(r.flight)})
	if a.selected == nil {
		f.hold = now.Add(flightWait)
	}
}
