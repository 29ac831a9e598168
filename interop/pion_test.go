package interop

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	pion "github.com/pion/webrtc/v4"
)

// A pionPeer is pion/webrtc in this process.
type pionPeer struct {
	snap        bool       // it has INIT chunks in its descriptions
	mu          sync.Mutex // guards all below
	pc          *pion.PeerConnection
	session     string
	onCandidate func(json.RawMessage)
	onEvent     func(name, detail string)
	channels    map[string]*pion.DataChannel
	received    map[string][]description
	media       *pionMedia
}

func startPion(name string) (peer, func(), error) {
	p := &pionPeer{snap: name == "pion with SNAP"}
	return p, func() { _ = p.close() }, nil
}

func (p *pionPeer) listen(session string, onCandidate func(json.RawMessage), onEvent func(name, detail string)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.session, p.onCandidate, p.onEvent = session, onCandidate, onEvent
}

// arguments reads the arguments of a call.
type arguments []any

func (a arguments) read(i int, into any) error {
	if i >= len(a) {
		return fmt.Errorf("argument %d is missing", i)
	}
	data, err := json.Marshal(a[i])
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}

func (p *pionPeer) call(result any, method string, args ...any) error {
	value, err := p.dispatch(method, args)
	if err != nil {
		return fmt.Errorf("pion: %s: %w", method, err)
	}
	if result == nil {
		return nil
	}
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, result)
}

func (p *pionPeer) dispatch(method string, args arguments) (any, error) {
	switch method {
	case "start":
		return nil, p.start(args)
	case "offer":
		return p.offer()
	case "answer":
		var offer pion.SessionDescription
		if err := args.read(0, &offer); err != nil {
			return nil, err
		}
		return p.answer(offer)
	case "accept":
		var answer pion.SessionDescription
		if err := args.read(0, &answer); err != nil {
			return nil, err
		}
		return nil, p.connection().SetRemoteDescription(answer)
	case "addCandidate":
		var candidate pion.ICECandidateInit
		if err := args.read(0, &candidate); err != nil {
			return nil, err
		}
		return nil, p.addCandidate(candidate)
	case "close":
		return nil, p.close()
	case "sendMedia", "inbound", "outbound":
		return p.dispatchMedia(method, args)
	}
	return p.dispatchChannel(method, args)
}

func (p *pionPeer) dispatchChannel(method string, args arguments) (any, error) {
	var label string
	if err := args.read(0, &label); err != nil {
		return nil, err
	}
	if method == "open" {
		return nil, p.open(label, args)
	}
	p.mu.Lock()
	d := p.channels[label]
	p.mu.Unlock()
	if d == nil {
		return nil, fmt.Errorf("no channel %q", label)
	}
	switch method {
	case "describeChannel":
		return map[string]any{
			"id": d.ID(), "ordered": d.Ordered(), "protocol": d.Protocol(), "maxRetransmits": d.MaxRetransmits(),
			"maxPacketLifeTime": d.MaxPacketLifeTime(), "negotiated": d.Negotiated(), "readyState": d.ReadyState().String(),
		}, nil
	case "sendText":
		var text string
		if err := args.read(1, &text); err != nil {
			return nil, err
		}
		return nil, d.SendText(text)
	case "sendPattern":
		var length int
		var seed uint32
		if err := errors.Join(args.read(1, &length), args.read(2, &seed)); err != nil {
			return nil, err
		}
		return nil, d.Send(pattern(length, seed))
	case "received":
		var count int
		if err := args.read(1, &count); err != nil {
			return nil, err
		}
		return p.messages(label, count)
	case "closeChannel":
		return nil, d.Close()
	}
	return nil, errors.New("not supported")
}

func (p *pionPeer) connection() *pion.PeerConnection {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pc
}

func (p *pionPeer) close() error {
	if media := p.ofMedia(); media != nil {
		media.end()
	}
	if pc := p.connection(); pc != nil {
		return pc.Close()
	}
	return nil
}

func (p *pionPeer) start(args arguments) error {
	if err := p.close(); err != nil {
		return err
	}
	var session string
	if err := args.read(1, &session); err != nil {
		return err
	}
	make := pion.NewPeerConnection
	if p.snap {
		var settings pion.SettingEngine
		settings.EnableSctpSnap(true)
		make = pion.NewAPI(pion.WithSettingEngine(settings)).NewPeerConnection
	}
	pc, err := make(pion.Configuration{})
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.pc, p.channels, p.received = pc, map[string]*pion.DataChannel{}, map[string][]description{}
	p.media = newPionMedia(pc)
	p.mu.Unlock()
	pc.OnICECandidate(func(c *pion.ICECandidate) {
		raw := json.RawMessage("null")
		if c != nil {
			raw, _ = json.Marshal(c.ToJSON()) // strings and numbers
		}
		p.mu.Lock()
		f, current := p.onCandidate, p.session == session
		p.mu.Unlock()
		if f != nil && current {
			f(raw)
		}
	})
	pc.OnDataChannel(func(d *pion.DataChannel) { p.adopt(d, session) })
	pc.OnConnectionStateChange(func(s pion.PeerConnectionState) {
		p.event(session, "connectionstate", s.String())
		if s == pion.PeerConnectionStateConnected {
			p.ofMedia().play()
		}
	})
	return nil
}

func (p *pionPeer) event(session, name, detail string) {
	p.mu.Lock()
	f, current := p.onEvent, p.session == session
	p.mu.Unlock()
	if f != nil && current {
		f(name, detail)
	}
}

func (p *pionPeer) adopt(d *pion.DataChannel, session string) {
	label := d.Label()
	p.mu.Lock()
	p.channels[label] = d
	p.mu.Unlock()
	d.OnOpen(func() { p.event(session, "open", label) })
	d.OnClose(func() { p.event(session, "close", label) })
	d.OnMessage(func(m pion.DataChannelMessage) {
		got := description{Length: len(m.Data), SHA256: digest(m.Data)}
		if m.IsString {
			text := string(m.Data)
			got = description{Text: &text}
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.received[label] = append(p.received[label], got)
	})
}

func (p *pionPeer) offer() (any, error) {
	pc := p.connection()
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		return nil, err
	}
	return offer, pc.SetLocalDescription(offer)
}

func (p *pionPeer) answer(offer pion.SessionDescription) (any, error) {
	pc := p.connection()
	if err := pc.SetRemoteDescription(offer); err != nil {
		return nil, err
	}
	answer, err := pc.CreateAnswer(nil)
	if err != nil {
		return nil, err
	}
	return answer, pc.SetLocalDescription(answer)
}

func (p *pionPeer) addCandidate(c pion.ICECandidateInit) error {
	pc := p.connection()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		if d := pc.RemoteDescription(); d != nil && (c.UsernameFragment == nil || strings.Contains(d.SDP, "a=ice-ufrag:"+*c.UsernameFragment)) {
			break
		}
	}
	return pc.AddICECandidate(c)
}

func (p *pionPeer) open(label string, args arguments) error {
	var options pion.DataChannelInit
	if err := args.read(1, &options); err != nil {
		return err
	}
	p.mu.Lock()
	session := p.session
	p.mu.Unlock()
	d, err := p.connection().CreateDataChannel(label, &options)
	if err != nil {
		return err
	}
	p.adopt(d, session)
	return nil
}

func (p *pionPeer) messages(label string, count int) (any, error) {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		p.mu.Lock()
		got := append([]description(nil), p.received[label]...)
		p.mu.Unlock()
		if len(got) >= count {
			return got, nil
		}
	}
	return nil, fmt.Errorf("not within %v: %d messages on %s", patience, count, label)
}
