package transceiver

import (
	"time"

	"github.com/parleyrtc/webrtc/transceiver/extension"
	"github.com/parleyrtc/webrtc/transceiver/rtpheader"
)

// announceTime is how long mid and rid are written at least.
const announceTime = 2 * time.Second

// sendMarks are the header extensions of a stream's packets: identifiers, 0 for
// what is not negotiated, and what is written with them.
type sendMarks struct {
	mid, rid, repaired uint8
	transport, time    uint8
	pass               []uint8 // those that a packet's header brings along
	midText, ridText   []byte

	// Mid and rid are what a peer finds an unknown SSRC's m-line and encoding by
	// (RFC 8843 §9.2, RFC 8852 §3). They are on every packet until a report shows
	// that the peer has got one of them, because RFC 7941 §4.2.3 asks for enough
	// of them that loss does no harm, and for two seconds at least, because a peer
	// may count packets before its descriptions let it route them. After that
	// they would cost audio a twentieth of its rate for nothing, and a header
	// whose length changed from packet to packet would break up bursts of packets
	// of one size. New parameters, and a request for a key frame, which a peer
	// makes that has lost its place, bring them back until the next report.
	announced bool
	since     time.Time // the zero time: no packet has had them yet
	from      uint16    // sequence number of the first that had
	transSeq  [2]byte
	timeData  [3]byte
}

func marksOf(c SendConfig) sendMarks {
	m := sendMarks{midText: []byte(c.Mid), ridText: []byte(c.RID)}
	for _, x := range c.Extensions {
		switch x.URI {
		case extension.MID:
			m.mid = x.ID
		case extension.RID:
			m.rid = x.ID
		case extension.RepairedRID:
			m.repaired = x.ID
		case extension.TransportCC, extension.TransportCC2:
			m.transport = x.ID
		case extension.AbsSendTime:
			m.time = x.ID
		default:
			m.pass = append(m.pass, x.ID)
		}
	}
	return m
}

// announce writes mid and rid again.
func (m *sendMarks) announce() { m.announced, m.since = false, time.Time{} }

// acknowledge takes note of a report: the peer has got the packet with the given
// sequence number, and none later.
func (m *sendMarks) acknowledge(now time.Time, highest uint16) {
	if !m.since.IsZero() && now.Sub(m.since) >= announceTime && int16(highest-m.from) >= 0 {
		m.announced = true
	}
}

// mark puts the elements of a packet of the stream into st.fields.
func (st *SendStream) mark(now time.Time, number int64) {
	m := &st.marks
	announce := !m.announced
	if announce && m.since.IsZero() {
		m.since, m.from = now, uint16(number)
	}
	st.setElements(now, announce, m.rid)
}

// setElements puts the elements of a packet into st.fields, those of st.passed
// last. rid is the identifier that the encoding's name is written with.
func (st *SendStream) setElements(now time.Time, announce bool, rid uint8) {
	m := &st.marks
	st.fields.Elements = st.fields.Elements[:0]
	if announce {
		st.element(m.mid, m.midText)
		st.element(rid, m.ridText)
	}
	if m.transport != 0 {
		st.element(m.transport, extension.AppendTransportCC(m.transSeq[:0], uint16(st.out.transport.Add(1))))
	}
	if m.time != 0 {
		st.element(m.time, extension.SendTimeAt(now).Append(m.timeData[:0]))
	}
	for _, e := range st.passed {
		st.element(e.ID, e.Data)
	}
}

// element adds an element, unless it is not negotiated or has nothing to say. RFC
// 8285 §4.1.2: one stream has elements with one-byte headers or with two-byte
// headers, unless both sides allow to mix them; what does not fit the former is
// left out then.
func (st *SendStream) element(id uint8, data []byte) {
	e := rtpheader.Element{ID: id, Data: data}
	if id == 0 || len(data) == 0 || len(data) > 255 || !st.cfg.AllowMixed && !e.Fits() {
		return
	}
	st.fields.Elements = append(st.fields.Elements, e)
}

func (st *SendStream) appendHeader(dst []byte) ([]byte, error) {
	return rtpheader.Append(dst, &st.fields)
}
