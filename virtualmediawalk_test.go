package webrtc

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"github.com/parleyrtc/webrtc/internal/simnet"
	"github.com/parleyrtc/webrtc/pkg/media"
)

// TestVirtualMediaWalk has two peers do with their media whatever programs can, all
// at once, over a path that loses packets, while descriptions are exchanged and
// rolled back, and closes one in the midst of it. Nothing hangs or is left, and no
// two contents leave under one index (RFC 7714 §8.4).
func TestVirtualMediaWalk(t *testing.T) {
	seeds := uint64(6)
	if testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			inWorld(t, seed, func(w *world) { walkMedia(w, seed) })
		})
	}
}

// A mediaWalk is what happens at once.
type mediaWalk struct {
	w     *world
	seed  uint64
	peers [2]*peer
	// tracks are those of each peer, the last one of frames.
	tracks [2][]TrackLocal

	wg   sync.WaitGroup
	stop chan struct{}
}

func walkMedia(w *world, seed uint64) {
	w.net.SetDefaultPath(simnet.Path{Delay: 5 * time.Millisecond, Loss: 0.02})
	m := &mediaWalk{w: w, seed: seed, stop: make(chan struct{})}
	m.peers = [2]*peer{w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))}
	w.signal(m.peers[0], m.peers[1], fixed(time.Millisecond))
	w.wantsNoNonceTwice()
	opus := RTPCodecCapability{MimeType: MimeTypeOpus, ClockRate: 48000, Channels: 2}
	for i, p := range m.peers {
		for n, c := range []RTPCodecCapability{asVP8, asVP9, opus} {
			m.tracks[i] = append(m.tracks[i], p.unsent(c, fmt.Sprintf("track-%s-%d", p.name, n)).track)
		}
		frames, err := NewTrackLocalStaticSample(asVP8, "frames-"+p.name, "stream")
		p.must(err, "NewTrackLocalStaticSample")
		m.tracks[i] = append(m.tracks[i], frames)
		p.OnTrack(readOrPush)
		for _, n := range []int{0, 2} {
			_, err := p.AddTrack(m.tracks[i][n])
			p.must(err, "AddTrack")
		}
	}
	m.peers[0].exchanges(m.peers[1], asItIs)
	w.within(10*time.Second, "both are connected", connected(m.peers[0], m.peers[1]))
	for i, p := range m.peers {
		for _, track := range m.tracks[i] {
			switch track := track.(type) {
			case *TrackLocalStaticRTP:
				s := &source{w: w, track: track}
				m.often(8*time.Millisecond, func(*rand.Rand) { s.packet() })
			case *TrackLocalStaticSample:
				m.often(40*time.Millisecond, func(r *rand.Rand) {
					frame := make([]byte, 1+r.IntN(20000))
					p.check(track.WriteSample(media.Sample{Data: frame, Duration: 20 * time.Millisecond}), "WriteSample")
				})
			}
		}
		m.often(30*time.Millisecond, func(r *rand.Rand) { m.change(r, p, m.tracks[i]) })
	}
	m.often(40*time.Millisecond, m.exchange)
	time.Sleep(2 * time.Second)
	closed := m.peers[seed%2]
	closed.check(closed.Close(), "Close")
	time.Sleep(200 * time.Millisecond)
	close(m.stop)
	m.wg.Wait()
}

// readOrPush takes a track's packets in one of the ways that there are.
func readOrPush(track *TrackRemote, _ *RTPReceiver) {
	if rand.IntN(2) == 0 {
		track.OnPacketPush(func(*InboundPacket) {})
		return
	}
	for range track.Packets() {
	}
}

// wantsNoNonceTwice checks that what is sent under an SSRC and a sequence number is
// the same each time.
func (w *world) wantsNoNonceTwice() {
	var mu sync.Mutex
	sent := map[string]string{}
	w.net.Tap(func(p simnet.Packet) {
		if p.Event != simnet.Sent || !isRTP(p) {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		index := p.Host + string(p.Data[8:12]) + string(p.Data[2:4])
		if was, again := sent[index]; again && was != string(p.Data) {
			w.Errorf("%s sends two contents under one index: %x", p.Host, p.Data[:12])
		}
		sent[index] = string(p.Data)
	})
}

// often does something again and again, with pauses of at most pause.
func (m *mediaWalk) often(pause time.Duration, do func(r *rand.Rand)) {
	r := rand.New(rand.NewPCG(m.seed, rand.Uint64()))
	m.wg.Go(func() {
		for {
			select {
			case <-m.stop:
				return
			default:
			}
			do(r)
			time.Sleep(time.Duration(r.Int64N(int64(pause))))
		}
	})
}

// change does something with one of a peer's transceivers. Most of it is refused now
// and then.
func (m *mediaWalk) change(r *rand.Rand, p *peer, tracks []TrackLocal) {
	all := p.GetTransceivers()
	if len(all) == 0 {
		return
	}
	t, track := all[r.IntN(len(all))], tracks[r.IntN(len(tracks))]
	switch r.IntN(9) {
	case 0:
		_ = t.SetDirection(RTPTransceiverDirectionSendrecv + RTPTransceiverDirection(r.IntN(4)))
	case 1:
		_ = t.Sender().ReplaceTrack(track)
	case 2:
		_ = t.Sender().ReplaceTrack(nil)
	case 3:
		_ = p.RemoveTrack(t.Sender())
	case 4:
		_, _ = p.AddTrack(track)
	case 5:
		if r.IntN(4) == 0 {
			_ = t.Stop()
		}
	case 6:
		parameters := t.Sender().GetParameters()
		for i := range parameters.Encodings {
			parameters.Encodings[i].Active = r.IntN(2) == 0
		}
		_ = t.Sender().SetParameters(parameters)
	case 7:
		t.Receiver().RequestKeyFrame()
		_ = p.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(t.Receiver().Track().SSRC())}})
	case 8:
		if d := t.Sender().DTMF(); d != nil {
			_ = d.InsertDTMF("1", 0, 0)
		}
	}
}

// exchange has one of the peers offer, and the other one answer, unless the offer is
// rolled back.
func (m *mediaWalk) exchange(r *rand.Rand) {
	from, to := m.peers[0], m.peers[1]
	if r.IntN(2) == 0 {
		from, to = to, from
	}
	check := func(p *peer, err error, what string) bool {
		if err != nil && p.SignalingState() != SignalingStateClosed {
			m.w.Errorf("%s: %s: %v", p.name, what, err)
		}
		return err == nil
	}
	if !check(from, from.SetLocalDescription(SessionDescription{}), "offer") {
		return
	}
	offer := from.LocalDescription()
	if offer == nil || r.IntN(5) == 0 {
		_ = from.Rollback()
		return
	}
	if !check(to, to.SetRemoteDescription(*offer), "the peer's offer") {
		return
	}
	if r.IntN(6) == 0 {
		_, _ = to.Rollback(), from.Rollback()
		return
	}
	if !check(to, to.SetLocalDescription(SessionDescription{}), "answer") {
		return
	}
	if answer := to.LocalDescription(); answer != nil {
		check(from, from.SetRemoteDescription(*answer), "the peer's answer")
	}
}
