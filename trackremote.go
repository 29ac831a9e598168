package webrtc

import (
	"iter"
	"sync/atomic"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc/transceiver"
	"github.com/parleyrtc/webrtc/transceiver/rtpheader"
)

// A TrackRemote is one stream of audio or video that the peer sends (webrtc-pc
// §5.3, MediaStreamTrack). Read its packets, or have them pushed: each comes
// once, decrypted, what was lost and sent again among them. A program that reads
// too slowly loses the oldest.
type TrackRemote struct {
	receiver *RTPReceiver
	core     *transceiver.Track
	id       atomic.Pointer[string]
	// announced says that OnTrack was called for the media that comes now.
	announced atomic.Bool
	muted     atomic.Bool
	ended     atomic.Bool
	// muteEvents are changes of muted that wait to be told; unmuted, which belongs to
	// the dispatcher, is what was told last.
	muteEvents atomic.Int32
	unmuted    bool

	onMute   handler[func()]
	onUnmute handler[func()]
	onEnded  handler[func()]

	playout atomic.Pointer[AudioPlayoutStatsProvider] // what plays the track, nil if unknown

	chain trackChain
}

func newTrackRemote(r *RTPReceiver, core *transceiver.Track) *TrackRemote {
	t := &TrackRemote{receiver: r, core: core}
	id := randomID()
	t.id.Store(&id)
	t.muted.Store(true) // webrtc-pc §5.3: "Initialize track.[[Muted]] to true"
	return t
}

// ID returns the identifier that the peer gave the track (RFC 8830), or a random
// one where it gave none.
func (t *TrackRemote) ID() string { return *t.id.Load() }

// RID returns the name of the track's stream with simulcast (RFC 8852), else "".
func (t *TrackRemote) RID() string { return t.core.RID() }

// Kind returns whether the track is audio or video.
func (t *TrackRemote) Kind() RTPCodecType { return t.receiver.kind }

// StreamID returns the first of the receiver's StreamIDs, or "".
func (t *TrackRemote) StreamID() string {
	if ids := *t.receiver.streams.Load(); len(ids) > 0 {
		return ids[0]
	}
	return ""
}

// Msid returns the stream's and the track's identifiers, separated by a space
// (RFC 8830).
func (t *TrackRemote) Msid() string { return t.StreamID() + " " + t.ID() }

// SSRC returns the SSRC of the packets that come now, 0 before the first. A peer
// may change it.
func (t *TrackRemote) SSRC() SSRC { return SSRC(t.core.SSRC()) }

// RtxSSRC returns the SSRC of what is sent again (RFC 4588), or 0.
func (t *TrackRemote) RtxSSRC() SSRC { return SSRC(t.core.RTXSSRC()) }

// HasRTX tells whether what is sent again has an SSRC of its own.
func (t *TrackRemote) HasRTX() bool { return t.core.RTXSSRC() != 0 }

// PayloadType returns the payload type of the newest packet, 0 before the first.
func (t *TrackRemote) PayloadType() PayloadType { return PayloadType(t.core.PayloadType()) }

// Codec returns the codec of the newest packet, the zero value before the first.
func (t *TrackRemote) Codec() RTPCodecParameters { return codecTo(t.core.Codec()) }

// Muted tells whether no media comes at present.
func (t *TrackRemote) Muted() bool { return t.muted.Load() }

// Ended tells whether no media will ever come again: the transceiver was stopped.
func (t *TrackRemote) Ended() bool { return t.ended.Load() }

// OnMute sets the handler for the event that media stops coming (webrtc-pc §5.3).
func (t *TrackRemote) OnMute(f func()) { t.onMute.set(f) }

// OnUnmute sets the handler for the event that media comes, again perhaps.
func (t *TrackRemote) OnUnmute(f func()) { t.onUnmute.set(f) }

// OnEnded sets the handler for the end of the track.
func (t *TrackRemote) OnEnded(f func()) { t.onEnded.set(f) }

// RequestKeyFrame asks the peer for a key frame of the track (PLI, RFC 4585 §6.3.1,
// or FIR where only that was negotiated). Requests in quick succession are one.
func (t *TrackRemote) RequestKeyFrame() { t.core.RequestKeyFrame(time.Now()) }

// SetReadDeadline has reads return os.ErrDeadlineExceeded from deadline on; the
// zero time is never.
func (t *TrackRemote) SetReadDeadline(deadline time.Time) error {
	t.core.SetReadDeadline(deadline)
	return nil
}

// SetOrdered has Read, ReadRTP and Packets return packets in the order in which
// they were sent: one that is missing is waited for, at most for limit, which
// should be what the program's own play-out delay allows, such as 200 ms. With 0,
// the default, packets are returned as they come. Those that OnPacketPush gets
// always do.
func (t *TrackRemote) SetOrdered(limit time.Duration) { t.core.SetOrdered(limit) }

// Read copies the next packet, header and all, into b and returns its length. It
// blocks. It returns io.ErrShortBuffer if b is too small, which loses the packet,
// os.ErrDeadlineExceeded, and io.EOF once the peer has stopped sending the track
// or the connection was closed. If the peer sends it again, OnTrack is called
// again and Read works again.
func (t *TrackRemote) Read(b []byte) (n int, attributes interceptor.Attributes, err error) {
	if t.receiver.pc.interceptors.chain != nil {
		return t.readThrough(b)
	}
	n, _, err = t.core.Read(b)
	return n, nil, err
}

// A readPacket is a packet that was read, and its bytes, in one allocation.
type readPacket struct {
	rtp.Packet
	extensions [4]rtp.Extension
	buf        [maxRTPSize]byte
}

// maxRTPSize is how long packets are that a path's MTU allows.
const maxRTPSize = 1500

// ReadRTP returns the next packet; it belongs to the caller. The errors are those
// of Read, but for io.ErrShortBuffer, which only interceptors cause: of a packet
// that is longer than a path's MTU allows.
func (t *TrackRemote) ReadRTP() (*rtp.Packet, interceptor.Attributes, error) {
	p := &readPacket{}
	raw, attributes, err := t.readWhole(p.buf[:])
	if err != nil {
		return nil, nil, err
	}
	p.Extensions = p.extensions[:0]
	if err := unmarshal(&p.Packet, raw); err != nil {
		return nil, nil, err
	}
	return &p.Packet, attributes, nil
}

// unmarshal parses a packet, whose bytes p then shares. A header extension that
// ends within an element is no reason to lose the media: elements before that one
// stand.
func unmarshal(p *rtp.Packet, raw []byte) error {
	failed := p.Unmarshal(raw)
	if failed == nil {
		return nil
	}
	var h rtpheader.Header
	if h.Parse(raw) != nil {
		return failed
	}
	p.Header = rtp.Header{
		Version: 2, Padding: h.PaddingSize > 0, PaddingSize: h.PaddingSize, Marker: h.Marker, PayloadType: h.PayloadType,
		SequenceNumber: h.SequenceNumber, Timestamp: h.Timestamp, SSRC: h.SSRC,
		Extension: h.HasExtension, ExtensionProfile: h.Profile, Extensions: p.Extensions[:0], CSRC: p.CSRC[:0],
	}
	for i := range int(h.CSRCCount) {
		p.CSRC = append(p.CSRC, h.CSRC(raw, i))
	}
	for id, data := range h.Extensions(raw) {
		_ = p.SetExtension(id, data) // they fit their profile
	}
	p.Payload, p.PaddingSize = h.Payload(raw), h.PaddingSize
	return nil
}

// readWhole reads a packet into b, or into memory of its own if b is too short.
func (t *TrackRemote) readWhole(b []byte) ([]byte, interceptor.Attributes, error) {
	if t.receiver.pc.interceptors.chain != nil {
		n, attributes, err := t.readThrough(b)
		return b[:min(n, len(b))], attributes, err
	}
	raw, _, err := t.core.ReadWhole(b)
	return raw, nil, err
}

// Packets iterates over the packets as ReadRTP returns them. The iteration ends
// with the track; any other error is yielded, with a nil packet, before it ends.
func (t *TrackRemote) Packets() iter.Seq2[*rtp.Packet, error] {
	return func(yield func(*rtp.Packet, error) bool) {
		for {
			p, _, err := t.ReadRTP()
			if err == errTrackEnded {
				return
			}
			if !yield(p, err) || err != nil {
				return
			}
		}
	}
}

// An InboundPacket is a packet as OnPacketPush gets it.
type InboundPacket struct {
	rtp.Packet
	// Arrival is when the packet came: by the kernel's clock where it tells (Linux),
	// else when the socket was read.
	Arrival time.Time
	// ECN is the two-bit ECN field of the datagram (RFC 3168 §5).
	ECN uint8
	// Recovered says that the packet was lost first: it came by RTX or RED.
	Recovered bool
}

// OnPacketPush has packets given to f on the goroutine that reads the socket: the
// fastest way, for programs that forward. f must not block; the packet, its payload
// and its extensions are lent until f returns. Packets come as they arrive, each
// once, one at a time; reads get nothing while a handler is set. nil unsets it.
func (t *TrackRemote) OnPacketPush(f func(*InboundPacket)) {
	if f == nil {
		t.core.OnPacket(nil)
		return
	}
	p := &InboundPacket{}
	var scratch []byte // what interceptors have made of a packet
	t.core.OnPacket(func(in *transceiver.Packet) {
		raw := in.Raw
		if t.receiver.pc.interceptors.chain != nil {
			if len(scratch) < len(raw) {
				scratch = make([]byte, max(len(raw), maxRTPSize))
			}
			n, err := t.pushThrough(raw, scratch)
			if err != nil {
				return
			}
			raw = scratch[:min(n, len(scratch))]
		}
		p.Extensions, p.CSRC = p.Extensions[:0], p.CSRC[:0]
		if unmarshal(&p.Packet, raw) != nil {
			return
		}
		p.Arrival, p.ECN, p.Recovered = in.Arrival, in.ECN, in.Recovered
		f(p)
	})
}
