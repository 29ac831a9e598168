package transceiver

import (
	"slices"
	"strings"

	"github.com/parleyrtc/webrtc/internal/codec"
)

// A formatKind is what the packets of a payload type carry.
type formatKind uint8

const (
	formatUnknown formatKind = iota
	formatMedia
	formatRTX // RFC 4588
	formatRED // RFC 2198
	formatFEC // RFC 5109, RFC 8627
)

// A format is a payload type of an m-line and what was negotiated for it.
type format struct {
	kind      formatKind
	apt       uint8 // of formatRTX
	clockRate uint32
	// codec is shown as the track's; nil for what accompanies media, such as
	// telephone events.
	codec *codec.Codec
	// Feedback that the peer takes (RFC 4585 §4.2, RFC 5104 §7.1, RFC 8888 §6).
	nack, pli, fir, remb bool
}

// A binding is a receiver with what was negotiated for it: an m-line of the
// table.
type binding struct {
	receiver  *Receiver
	mid       string
	receiving bool
	redundant bool       // one of the formats is formatRED
	formats   []format   // the first stands for what was not negotiated
	indices   [128]uint8 // of formats, by payload type
	main      *lane
	rids      []*lane // those of ReceiveParameters.RIDs
}

// format returns what the packets of a payload type carry.
func (b *binding) format(payloadType uint8) *format { return &b.formats[b.indices[payloadType&0x7f]] }

// lane returns where the packets of a RID go, nil if nothing was said of it.
func (b *binding) lane(rid string) *lane {
	switch i := slices.IndexFunc(b.rids, func(l *lane) bool { return l.track.rid == rid }); {
	case i >= 0:
		return b.rids[i]
	case len(b.rids) == 0:
		return b.main // RIDs mean nothing where none were negotiated
	}
	return nil
}

// lanes calls f with each lane.
func (b *binding) lanes(f func(*lane)) {
	f(b.main)
	for _, l := range b.rids {
		f(l)
	}
}

// A signalled SSRC is one that the peer has announced (RFC 5576).
type signalled struct {
	binding *binding
	rid     string
	// primary is the SSRC that this one repairs, or 0.
	primary uint32
}

// A table says where packets go: the tables of RFC 9143 §9.2. It is built anew
// when something changes.
type table struct {
	bindings []*binding
	mids     map[string]*binding
	ssrcs    map[uint32]signalled
	// payloadTypes are those that only one m-line has.
	payloadTypes [128]*binding
	// elements are the header extensions by their identifiers, which are the same
	// in all of a bundle (RFC 9143 §10).
	elements [256]element
	// transport and congestion say that the peer wants feedback on every packet.
	transport, congestion bool
}

// newTable builds the table for receptions.
func newTable(receptions []Reception) *table {
	t := &table{mids: map[string]*binding{}, ssrcs: map[uint32]signalled{}}
	var times [128]int // how many m-lines have a payload type
	for _, r := range receptions {
		b := t.bind(r)
		t.bindings = append(t.bindings, b)
		// "Note that for each of these tables, there can only be one mapping for
		// any given key": the first holds.
		if _, taken := t.mids[b.mid]; !taken && b.mid != "" {
			t.mids[b.mid] = b
		}
		for pt, i := range b.indices {
			if i > 0 {
				times[pt]++
				t.payloadTypes[pt] = b
			}
		}
		for _, e := range r.Parameters.Extensions {
			if t.elements[e.ID] == elementNone {
				t.elements[e.ID] = elementURIs[e.URI]
			}
		}
		for _, src := range r.Parameters.Sources {
			t.announce(src.SSRC, signalled{b, src.RID, 0})
			t.announce(src.RTX, signalled{b, src.RID, src.SSRC})
			t.announce(src.FEC, signalled{b, src.RID, src.SSRC})
		}
	}
	t.transport = t.transport && slices.Contains(t.elements[:], elementTransport)
	// RFC 9143 §9.2: "If any payload type is configured for receiving in more than
	// one "m=" section in the BUNDLE group, do not include it in the table, as it
	// cannot be used to uniquely identify an "m=" section."
	for pt, n := range times {
		if n > 1 {
			t.payloadTypes[pt] = nil
		}
	}
	return t
}

func (t *table) announce(ssrc uint32, s signalled) {
	if _, taken := t.ssrcs[ssrc]; ssrc != 0 && !taken {
		t.ssrcs[ssrc] = s
	}
}

// bind makes the binding of a reception.
func (t *table) bind(r Reception) *binding {
	p := &r.Parameters
	b := &binding{receiver: r.Receiver, mid: p.Mid, receiving: p.Receiving, main: &lane{track: r.Receiver.main}}
	for _, rid := range p.RIDs {
		if rid != "" && !slices.ContainsFunc(b.rids, func(l *lane) bool { return l.track.rid == rid }) {
			b.rids = append(b.rids, &lane{track: r.Receiver.track(rid)})
		}
	}
	b.formats = append(make([]format, 0, len(p.Codecs)+1), format{})
	for _, c := range p.Codecs {
		if c.PayloadType > 127 || b.indices[c.PayloadType] != 0 {
			continue
		}
		f := newFormat(c)
		if f.kind == formatUnknown {
			continue
		}
		for _, fb := range c.Feedback {
			t.feedback(&f, fb)
		}
		b.indices[c.PayloadType] = uint8(len(b.formats))
		b.formats = append(b.formats, f)
		b.redundant = b.redundant || f.kind == formatRED
	}
	return b
}

func newFormat(c codec.Codec) format {
	f := format{kind: formatMedia, clockRate: c.ClockRate}
	switch {
	case c.IsRTX():
		apt, ok := c.Apt()
		if !ok {
			return format{} // what it retransmits is not known
		}
		f.kind, f.apt = formatRTX, apt
	case c.IsRED():
		f.kind = formatRED
	case c.IsFEC():
		f.kind = formatFEC
	case !c.IsAuxiliary():
		f.codec = &c
	}
	return f
}

// feedback notes a kind of feedback that was negotiated for a format.
func (t *table) feedback(f *format, fb codec.Feedback) {
	switch strings.ToLower(fb.Type + " " + fb.Parameter) {
	case "nack ":
		f.nack = true
	case "nack pli":
		f.pli = true
	case "ccm fir":
		f.fir = true
	case "goog-remb ":
		f.remb = true
	case "transport-cc ":
		t.transport = true
	case "ack ccfb":
		t.congestion = true
	}
}

// of returns the receiver's binding, or nil.
func (t *table) of(r *Receiver) *binding {
	for _, b := range t.bindings {
		if b.receiver == r {
			return b
		}
	}
	return nil
}
