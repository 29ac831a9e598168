package webrtc

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc/internal/leaktest"
)

// mediaMethods are the public methods about media, called on a connection that
// others use at the same time. Some fail, as the state goes up and down.
func mediaMethods(pc *PeerConnection) map[string]func() {
	some := func() *RTPTransceiver {
		if list := pc.GetTransceivers(); len(list) > 0 {
			return list[rand.IntN(len(list))]
		}
		return nil
	}
	with := func(f func(*RTPTransceiver)) func() {
		return func() {
			if t := some(); t != nil {
				f(t)
			}
		}
	}
	track := func(kind RTPCodecType) *TrackLocalStaticRTP {
		c := asVP8
		if kind == RTPCodecTypeAudio {
			c = RTPCodecCapability{MimeType: MimeTypeOpus, ClockRate: 48000, Channels: 2}
		}
		t, _ := NewTrackLocalStaticRTP(c, "track", "stream")
		return t
	}
	lasting := track(RTPCodecTypeVideo)
	return map[string]func(){
		"AddTrack": func() {
			if len(pc.GetTransceivers()) < 10 {
				_, _ = pc.AddTrack(track(RTPCodecTypeVideo + RTPCodecType(rand.IntN(2))))
			}
			_, _ = pc.AddTrack(lasting)
		},
		"AddTransceiver": func() {
			if len(pc.GetTransceivers()) < 10 {
				_, _ = pc.AddTransceiverFromKind(RTPCodecTypeAudio)
				_, _ = pc.AddTransceiverFromTrack(track(RTPCodecTypeVideo), RTPTransceiverInit{Direction: RTPTransceiverDirectionSendonly})
			}
		},
		"RemoveTrack": with(func(t *RTPTransceiver) { _ = pc.RemoveTrack(t.Sender()) }),
		"Stop":        with(func(t *RTPTransceiver) { _ = t.Stop() }),
		"direction": with(func(t *RTPTransceiver) {
			_ = t.SetDirection(RTPTransceiverDirectionSendrecv + RTPTransceiverDirection(rand.IntN(4)))
		}),
		"ReplaceTrack": with(func(t *RTPTransceiver) {
			_ = t.Sender().ReplaceTrack(track(t.Kind()))
			_ = t.Sender().ReplaceTrack(nil)
			_ = t.Sender().ReplaceTrack(track(t.Kind()))
		}),
		"parameters": with(func(t *RTPTransceiver) {
			p := t.Sender().GetParameters()
			p.Encodings[0].Active = !p.Encodings[0].Active
			_ = t.Sender().SetParameters(p)
			_ = t.Receiver().GetParameters()
			_ = t.Sender().SetStreams("a", "b")
			_ = t.Sender().AddEncoding(track(t.Kind()))
		}),
		"preferences": with(func(t *RTPTransceiver) {
			_ = t.SetCodecPreferences([]RTPCodecParameters{{RTPCodecCapability: asVP8}})
			_ = t.SetCodecPreferences(nil)
		}),
		"DTMF": with(func(t *RTPTransceiver) {
			if d := t.Sender().DTMF(); d != nil {
				d.OnToneChange(func(string) { _ = d.ToneBuffer() })
				_ = d.InsertDTMF("12", 40*time.Millisecond, 0)
				_ = d.CanInsertDTMF()
			}
		}),
		"getters": func() {
			for _, t := range pc.GetTransceivers() {
				_, _, _, _ = t.Mid(), t.Kind(), t.Direction(), t.CurrentDirection()
				_, _ = t.Sender().Track(), t.Sender().Transport()
				_, _, _ = t.Receiver().Tracks(), t.Receiver().StreamIDs(), t.Receiver().Transport()
				_, _ = t.Receiver().GetContributingSources(), t.Receiver().GetSynchronizationSources()
				r := t.Receiver().Track()
				_, _, _, _ = r.ID(), r.RID(), r.Msid(), r.SSRC()
				_, _, _, _ = r.Codec(), r.PayloadType(), r.Muted(), r.Ended()
			}
			_, _ = pc.GetSenders(), pc.GetReceivers()
		},
		"RTCP": with(func(t *RTPTransceiver) {
			_ = pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(t.Receiver().Track().SSRC())}})
			_ = t.Sender().SetReadDeadline(time.Now().Add(time.Millisecond))
			_, _, _ = t.Sender().ReadRTCP()
			_ = t.Receiver().SetReadDeadline(time.Now().Add(time.Millisecond))
			_, _, _ = t.Receiver().ReadRTCP()
			t.Receiver().RequestKeyFrame()
		}),
		"reading": with(func(t *RTPTransceiver) {
			r := t.Receiver().Track()
			r.SetOrdered(time.Duration(rand.IntN(2)) * 10 * time.Millisecond)
			_ = r.SetReadDeadline(time.Now().Add(time.Millisecond))
			_, _, _ = r.ReadRTP()
			r.OnPacketPush(func(*InboundPacket) {})
			r.RequestKeyFrame()
			r.OnPacketPush(nil)
		}),
		"handlers": func() {
			pc.OnTrack(func(t *TrackRemote, r *RTPReceiver) { _, _ = t.ID(), r.StreamIDs() })
			pc.OnTrackEvent(func(e TrackEvent) {
				e.Track.OnMute(func() { _ = e.Track.Muted() })
				e.Track.OnUnmute(func() {})
				e.Track.OnEnded(func() {})
			})
			for _, s := range pc.GetSenders() {
				s.OnKeyFrameRequest(func(string) { _ = s.Track() })
				s.OnBitrateRequest(func(uint64) {})
			}
		},
		"writing": func() {
			p := rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: uint16(rand.Uint32())}, Payload: make([]byte, 100)}
			_ = lasting.WriteRTP(&p)
			for _, s := range pc.GetSenders() {
				if t, ok := s.Track().(*TrackLocalStaticRTP); ok {
					p.SequenceNumber++
					_ = t.WriteRTP(&p)
				}
			}
		},
	}
}

// TestMediaEverythingAtOnce calls every public method about media from many
// goroutines on pairs that negotiate over and over, and closes them. It is for the
// race detector, and for deadlocks: each call has to return, and Close to leave
// nothing.
func TestMediaEverythingAtOnce(t *testing.T) {
	rounds := 6
	if testing.Short() {
		rounds = 2
	}
	leaktest.Check(t)
	api, config := loopbackAPI(), sharedCertificate(t)
	completed := 0
	for range rounds {
		p, err := newLoopbackPair(api, config)
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		var callers sync.WaitGroup
		for _, pc := range []*PeerConnection{p.offerer, p.answerer} {
			for _, call := range mediaMethods(pc) {
				callers.Go(func() {
					for {
						select {
						case <-ended:
							return
						default:
							call()
							time.Sleep(time.Duration(rand.IntN(3000)) * time.Microsecond)
						}
					}
				})
			}
		}
		for range 30 { // negotiates in the middle of it, as well as it can
			from, to := p.offerer, p.answerer
			if rand.IntN(2) == 0 {
				from, to = to, from
			}
			if negotiatesSomehow(from, to) {
				completed++
			}
			time.Sleep(time.Duration(rand.IntN(10)) * time.Millisecond)
		}
		p.closes(t)
		time.Sleep(5 * time.Millisecond) // they all meet a closed connection too
		close(ended)
		done := make(chan struct{})
		go func() { callers.Wait(); close(done) }()
		select {
		case <-done:
		case <-time.After(closeLimit):
			t.Fatal("some call does not return")
		}
	}
	t.Logf("%d exchanges were completed", completed)
	if completed == 0 {
		t.Error("no exchange was completed: the test shows little")
	}
}

// negotiatesSomehow reports whether an exchange was completed.
func negotiatesSomehow(from, to *PeerConnection) bool {
	if from.SetLocalDescription(SessionDescription{}) != nil {
		return false
	}
	if d := from.LocalDescription(); d == nil || to.SetRemoteDescription(*d) != nil || rand.IntN(5) == 0 {
		_, _ = from.Rollback(), to.Rollback()
		return false
	}
	if to.SetLocalDescription(SessionDescription{}) != nil {
		_, _ = from.Rollback(), to.Rollback()
		return false
	}
	d := to.LocalDescription()
	return d != nil && from.SetRemoteDescription(*d) == nil
}
