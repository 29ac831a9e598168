package webrtc

import (
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
	"github.com/parleyrtc/webrtc/internal/turntest"
)

// A roam is a call between a telephone, which moves between a wireless and a mobile
// network, and a desk behind a NAT. The mobile network's NAT is symmetric, so that a
// TURN server has to help there.
type roam struct {
	*world
	phone, desk *peer
	server      *turntest.Server
	home, cell  *simnet.NAT
	office      *simnet.NAT
	begun       time.Time

	mu       sync.Mutex // guards all below
	arrivals map[*peer][]time.Time
	next     map[*peer]int // number of the next message that is to come
	sent     map[*peer]int
}

func newRoam(w *world) *roam {
	w.net.SetDefaultPath(simnet.Path{Delay: 20 * time.Millisecond})
	r := &roam{world: w, server: w.turn("198.51.100.1"), arrivals: map[*peer][]time.Time{}, next: map[*peer]int{}, sent: map[*peer]int{}}
	restricted := simnet.NATConfig{Filtering: simnet.AddressPortDependent}
	symmetric := simnet.NATConfig{Mapping: simnet.AddressPortDependent, Filtering: simnet.AddressPortDependent, Ports: simnet.RandomPorts}
	r.home = w.net.NAT("home", "203.0.113.1", restricted)
	r.cell = w.net.NAT("cell", "203.0.113.2", symmetric)
	r.office = w.net.NAT("office", "203.0.113.3", restricted)
	var settings SettingEngine
	settings.SetContinualGathering(true)
	_ = settings.SetICERenomination()
	r.phone = w.peerWith("phone", settings)
	r.wireless()
	r.mobile()
	r.desk = w.peerWith("desk", settings, simnet.Behind(r.office), simnet.Addrs("10.0.0.2"))
	for _, p := range []*peer{r.phone, r.desk} {
		p.must(p.SetConfiguration(Configuration{ICEServers: []ICEServer{
			{URLs: []string{"stun:turn.example", "turn:turn.example"}, Username: "user", Credential: "secret"},
		}}), "SetConfiguration")
	}
	w.signal(r.phone, r.desk, fixed(50*time.Millisecond))
	return r
}

func (r *roam) wireless() {
	r.phone.host.AddInterface("wlan0", simnet.Behind(r.home), simnet.Addrs("192.168.0.2"))
}

func (r *roam) mobile() {
	r.phone.host.AddInterface("wwan0", simnet.Behind(r.cell), simnet.Addrs("100.64.0.2"))
}

func (r *roam) loses(name string) { r.phone.host.Interface(name).Remove() }

// talk has p send media and reliable messages, each numbered, a hundred times a second
// until done is closed.
func (r *roam) talk(p *peer, d *DataChannel, s *source, done <-chan struct{}) {
	for n := 0; ; n++ {
		select {
		case <-done:
			return
		case <-time.After(10 * time.Millisecond):
		}
		s.packet()
		p.check(d.SendText(strconv.Itoa(n)), "SendText")
		r.mu.Lock()
		r.sent[p] = n + 1
		r.mu.Unlock()
	}
}

// hear checks that messages come to p complete and in order, and notes when media does.
func (r *roam) hear(p *peer, d *DataChannel) {
	d.OnMessage(func(m DataChannelMessage) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if want := strconv.Itoa(r.next[p]); string(m.Data) != want {
			r.Errorf("%s got message %s, want %s", p.name, m.Data, want)
		}
		r.next[p]++
	})
}

func (r *roam) listen(p *peer) {
	p.OnTrack(func(t *TrackRemote, _ *RTPReceiver) {
		for {
			if _, _, err := t.ReadRTP(); err != nil {
				return
			}
			r.mu.Lock()
			r.arrivals[p] = append(r.arrivals[p], time.Now())
			r.mu.Unlock()
		}
	})
}

// gap is the longest time without media for p since begin.
func (r *roam) gap(p *peer, begin time.Time) (longest time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := begin
	for _, at := range append(r.arrivals[p], time.Now()) {
		if at.After(begin) {
			longest, last = max(longest, at.Sub(last)), at
		}
	}
	return longest
}

// where names the local candidate in use and its network.
func (r *roam) where(p *peer) string {
	pair, err := p.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	p.must(err, "GetSelectedCandidatePair")
	if pair == nil {
		return "nowhere"
	}
	return fmt.Sprintf("%s – %s", pair.Local.Typ, pair.Remote.Typ)
}

// A call of two minutes goes on while the telephone moves between networks, NATs are
// restarted and the TURN server, too: no message is lost, media pauses for a second at
// most, and neither program does more than to pass candidates on.
func TestVirtualRoaming(t *testing.T) {
	for _, offers := range []string{"phone", "desk"} {
		if testing.Short() && offers == "desk" {
			continue
		}
		t.Run(offers+" offers", func(t *testing.T) {
			inWorld(t, 1, func(w *world) { roaming(newRoam(w), offers == "phone") })
		})
	}
}

// call connects the two and has them talk until the returned function is called, which
// checks that all messages have come.
func (r *roam) call(phoneOffers bool) (offerer, answerer *peer, end func()) {
	offerer, answerer = r.phone, r.desk
	if !phoneOffers {
		offerer, answerer = r.desk, r.phone
	}
	negotiated, id := true, uint16(1)
	init := &DataChannelInit{Negotiated: &negotiated, ID: &id}
	channels, sources := map[*peer]*DataChannel{}, map[*peer]*source{}
	for _, p := range []*peer{r.phone, r.desk} {
		r.listen(p)
		channels[p] = p.channel("messages", init)
		r.hear(p, channels[p])
		sources[p], _ = p.source(MimeTypeVP8, p.name)
	}
	offerer.negotiates(answerer, 50*time.Millisecond)
	r.within(10*time.Second, "both are connected", connected(r.phone, r.desk))
	time.Sleep(5 * time.Second)

	done := make(chan struct{})
	var talking sync.WaitGroup
	for _, p := range []*peer{r.phone, r.desk} {
		talking.Go(func() { r.talk(p, channels[p], sources[p], done) })
	}
	r.begun = time.Now()
	return offerer, answerer, func() {
		close(done)
		talking.Wait()
		r.within(5*time.Second, "all messages have come", func() bool {
			r.mu.Lock()
			defer r.mu.Unlock()
			return r.next[r.desk] == r.sent[r.phone] && r.next[r.phone] == r.sent[r.desk] && r.sent[r.phone] > 1000
		})
	}
}

func roaming(r *roam, phoneOffers bool) {
	defer r.server.Close()
	_, _, end := r.call(phoneOffers)
	moves := []struct {
		at   time.Duration
		what string
		do   func()
	}{
		{15 * time.Second, "the wireless network is gone", func() { r.loses("wlan0") }},
		{30 * time.Second, "the wireless network is back", r.wireless},
		{45 * time.Second, "the desk's NAT is restarted", r.office.Rebind},
		{60 * time.Second, "the wireless network is gone again", func() { r.loses("wlan0") }},
		{75 * time.Second, "the TURN server is restarted", r.server.Forget},
		{90 * time.Second, "the wireless network takes the mobile one's place", func() { r.loses("wwan0"); r.wireless() }},
		{105 * time.Second, "the telephone's NAT is restarted", r.home.Rebind},
		{120 * time.Second, "the end", func() {}},
	}
	for i, m := range moves[:len(moves)-1] {
		time.Sleep(time.Until(r.begun.Add(m.at)))
		before := time.Now()
		m.do()
		time.Sleep(time.Until(r.begun.Add(moves[i+1].at)) - time.Millisecond)
		phone, desk := r.gap(r.phone, before), r.gap(r.desk, before)
		r.Logf("%v: %s: media pauses for %v at the phone and %v at the desk; then the phone has %s", m.at, m.what, phone, desk, r.where(r.phone))
		if phone > time.Second || desk > time.Second {
			r.Errorf("%s: a pause of %v", m.what, max(phone, desk))
		}
	}
	end()
	for _, p := range []*peer{r.phone, r.desk} {
		p.mu.Lock()
		r.Logf("%s went through %v", p.name, p.states)
		p.mu.Unlock()
	}
}

// An ICE restart leaves media and data on the old pair until the new generation has
// nominated its own: not a packet is late.
func TestVirtualRestartMakesBeforeItBreaks(t *testing.T) {
	for _, phoneOffers := range []bool{true, false} {
		inWorld(t, 1, func(w *world) {
			r := newRoam(w)
			defer r.server.Close()
			offerer, answerer, end := r.call(phoneOffers)
			time.Sleep(5 * time.Second)
			changes := 0
			offerer.SCTP().Transport().ICETransport().OnSelectedCandidatePairChange(func(*ICECandidatePair) { changes++ })
			before := time.Now()
			offerer.RestartICE()
			offerer.negotiates(answerer, 50*time.Millisecond)
			time.Sleep(10 * time.Second)
			if phone, desk := r.gap(r.phone, before), r.gap(r.desk, before); phone > 20*time.Millisecond || desk > 20*time.Millisecond {
				w.Errorf("media pauses for %v at the phone and %v at the desk", phone, desk)
			}
			if changes == 0 {
				w.Error("the selected pair is the old one")
			}
			end()
		})
	}
}
