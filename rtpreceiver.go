package webrtc

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/internal/rtcerr"
	"github.com/parleyrtc/webrtc/signaling"
	"github.com/parleyrtc/webrtc/transceiver"
)

// errTrackEnded is what reading a track and its RTCP ends with.
var errTrackEnded = io.EOF

// An RTPReceiver receives what the peer sends in a section (webrtc-pc §5.3): one
// track, or one for each RID if the peer sends by simulcast. It is one half of an
// RTPTransceiver.
type RTPReceiver struct {
	pc          *PeerConnection
	transceiver *RTPTransceiver
	kind        RTPCodecType
	core        *transceiver.Receiver
	main        *TrackRemote
	rtcp        rtcpQueue
	agreed      atomic.Pointer[signaling.Media] // with the peer, last
	streams     atomic.Pointer[[]string]        // [[AssociatedRemoteMediaStreams]]
	// jitterTarget is [[JitterBufferTarget]], nil for null.
	jitterTarget atomic.Pointer[time.Duration]

	mu     sync.Mutex     // guards layers
	layers []*TrackRemote // the tracks with a RID, in the order of their first packets
}

func newRTPReceiver(t *RTPTransceiver) *RTPReceiver {
	r := &RTPReceiver{pc: t.pc, transceiver: t, kind: t.kind}
	r.core = transceiver.NewReceiver(codec.Kind(t.kind), transceiver.ReceiverConfig{
		OnTrack: func(core *transceiver.Track) {
			t.pc.loop.post(func(time.Time) { r.started(core) })
		},
		OnRTCP: r.rtcp.push,
		OnBye: func(ssrc uint32) {
			t.pc.loop.post(func(time.Time) { r.bye(ssrc) })
		},
	})
	r.agreed.Store(&signaling.Media{})
	r.streams.Store(&[]string{})
	r.main = newTrackRemote(r, r.core.Main())
	return r
}

// Track returns the receiver's track (webrtc-pc §5.3), which is there from the
// beginning, muted until media comes. With simulcast the media comes in Tracks.
func (r *RTPReceiver) Track() *TrackRemote { return r.main }

// Tracks returns the tracks that media has come in: one for each RID with
// simulcast, else Track alone.
func (r *RTPReceiver) Tracks() []*TrackRemote {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.layers) == 0 {
		return []*TrackRemote{r.main}
	}
	return slices.Clone(r.layers)
}

// RTPTransceiver returns the transceiver that the receiver is a half of.
func (r *RTPReceiver) RTPTransceiver() *RTPTransceiver { return r.transceiver }

// Transport returns the transport that the media takes (webrtc-pc §5.3), or nil
// before the section is in a description that was set.
func (r *RTPReceiver) Transport() *DTLSTransport { return r.transceiver.Sender().Transport() }

// StreamIDs returns the streams that the peer has put the track in.
func (r *RTPReceiver) StreamIDs() []string { return slices.Clone(*r.streams.Load()) }

// GetParameters returns the codecs and header extensions that may come
// (webrtc-pc §5.3); none before they are negotiated.
func (r *RTPReceiver) GetParameters() RTPParameters {
	m := r.agreed.Load()
	return RTPParameters{
		Codecs:           codecParameters(m.ReceiveCodecs),
		HeaderExtensions: extensionParameters(m.ReceiveExtensions),
	}
}

// Stop stops the receiver's transceiver; see RTPTransceiver.Stop.
func (r *RTPReceiver) Stop() error { return r.transceiver.Stop() }

// Receive is there for programs that were written for ORTC: here descriptions
// start what is received. It returns an InvalidStateError.
func (r *RTPReceiver) Receive(RTPReceiveParameters) error {
	return &rtcerr.InvalidStateError{Err: fmt.Errorf("Receive: the receiver belongs to a PeerConnection, whose descriptions start it")}
}

// SetRTPParameters is there for programs that were written for ORTC and does
// nothing: descriptions say what is received.
func (r *RTPReceiver) SetRTPParameters(RTPParameters) {}

// RequestKeyFrame asks the peer for a key frame of every stream that comes in
// (PLI, or FIR where only that was negotiated). Requests in quick succession are
// one.
func (r *RTPReceiver) RequestKeyFrame() { r.core.RequestKeyFrame(time.Now()) }

// Read copies the next compound RTCP packet about what is received into b and
// returns its length. It blocks; nothing depends on its being called. It returns
// io.ErrShortBuffer if b is too small, which loses the packet,
// os.ErrDeadlineExceeded, and io.EOF once the receiver has ended.
func (r *RTPReceiver) Read(b []byte) (n int, a interceptor.Attributes, err error) {
	return r.rtcp.readThrough(r.pc.interceptors, b)
}

// ReadRTCP is Read with the packets parsed.
func (r *RTPReceiver) ReadRTCP() ([]rtcp.Packet, interceptor.Attributes, error) {
	return parseRTCP(r.Read)
}

// ReadSimulcast is Read: the RTCP of all streams comes together. It returns an
// InvalidAccessError if no track has the RID.
func (r *RTPReceiver) ReadSimulcast(b []byte, rid string) (n int, a interceptor.Attributes, err error) {
	if err := r.checkRID(rid); err != nil {
		return 0, nil, err
	}
	return r.Read(b)
}

// ReadSimulcastRTCP is ReadSimulcast with the packets parsed.
func (r *RTPReceiver) ReadSimulcastRTCP(rid string) ([]rtcp.Packet, interceptor.Attributes, error) {
	if err := r.checkRID(rid); err != nil {
		return nil, nil, err
	}
	return r.ReadRTCP()
}

// SetReadDeadline has Read return os.ErrDeadlineExceeded from t on; the zero time
// is never.
func (r *RTPReceiver) SetReadDeadline(t time.Time) error {
	r.rtcp.setDeadline(t)
	return nil
}

// SetReadDeadlineSimulcast is SetReadDeadline. It returns an InvalidAccessError if
// no track has the RID.
func (r *RTPReceiver) SetReadDeadlineSimulcast(deadline time.Time, rid string) error {
	if err := r.checkRID(rid); err != nil {
		return err
	}
	return r.SetReadDeadline(deadline)
}

func (r *RTPReceiver) checkRID(rid string) error {
	for _, t := range r.Tracks() {
		if t.RID() == rid {
			return nil
		}
	}
	return &rtcerr.InvalidAccessError{Err: fmt.Errorf("no track has RID %q", rid)}
}

// track returns the track for a core, and makes one for a RID that is new.
func (r *RTPReceiver) track(core *transceiver.Track) *TrackRemote {
	if core == r.main.core {
		return r.main
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range r.layers {
		if t.core == core {
			return t
		}
	}
	t := newTrackRemote(r, core)
	t.id.Store(r.main.id.Load())
	r.layers = append(r.layers, t)
	return t
}

// all returns every track that there is.
func (r *RTPReceiver) all() []*TrackRemote {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]*TrackRemote{r.main}, r.layers...)
}

// The methods below run on the loop.

// started is the moment at which a track's first packet has come, and its codec
// and SSRC are known.
func (r *RTPReceiver) started(core *transceiver.Track) {
	// The packet may have come before a description that has put it on hold.
	m := r.transceiver.media
	if r.pc.isClosed.Load() || r.transceiver.stopping || m == nil || !directionFrom(m.Direction).receives() {
		return
	}
	t := r.track(core)
	r.pc.setMuted(t, false)
	if !t.announced.Swap(true) {
		r.pc.fireTrack(t)
	}
}

// bye is the end of a source: webrtc-pc §5.3 has its track muted.
func (r *RTPReceiver) bye(ssrc uint32) {
	for _, t := range r.all() {
		if uint32(t.SSRC()) == ssrc {
			r.pc.setMuted(t, true)
		}
	}
}

// end is the end of all tracks, for good.
func (r *RTPReceiver) end() {
	for _, t := range r.all() {
		r.pc.endTrack(t)
	}
	r.core.Close()
	r.rtcp.close(errTrackEnded)
}
