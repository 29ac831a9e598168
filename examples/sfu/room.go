package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// maxParticipants is how many can be in the room at once.
const maxParticipants = 64

// A room is where everybody sees everybody else: participants publish sources
// and view those of the others.
type room struct {
	logf func(format string, args ...any)

	mu           sync.Mutex // guards all below; nothing is called while it is held
	participants map[string]*participant
	sources      []*source
}

func newRoom(logf func(format string, args ...any)) *room {
	return &room{logf: logf, participants: map[string]*participant{}}
}

// join adds a participant under its name.
func (r *room) join(p *participant) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.participants[p.name] != nil:
		return fmt.Errorf("%q is here already", p.name)
	case len(r.participants) >= maxParticipants:
		return errors.New("the room is full")
	}
	r.participants[p.name] = p
	return nil
}

// leave removes a participant and what it publishes.
func (r *room) leave(p *participant) {
	r.mu.Lock()
	delete(r.participants, p.name)
	r.sources = slices.DeleteFunc(r.sources, func(s *source) bool { return s.publisher == p.name })
	r.mu.Unlock()
	r.changed()
}

// publish shows a source to everybody else.
func (r *room) publish(s *source) {
	r.mu.Lock()
	r.sources = append(r.sources, s)
	r.mu.Unlock()
	r.logf("%s publishes %s", s.publisher, s.codec.MimeType)
	r.changed()
}

// unpublish takes it back.
func (r *room) unpublish(s *source) {
	r.mu.Lock()
	r.sources = slices.DeleteFunc(r.sources, func(other *source) bool { return other == s })
	r.mu.Unlock()
	r.logf("%s has ended %s", s.publisher, s.codec.MimeType)
	r.changed()
}

// changed lets every participant look at what there is.
func (r *room) changed() {
	for _, p := range r.everybody() {
		p.look()
	}
}

func (r *room) everybody() []*participant {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]*participant, 0, len(r.participants))
	for _, p := range r.participants {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b *participant) int { return cmp.Compare(a.name, b.name) })
	return all
}

// sourcesFor returns what a participant is to see: all but its own.
func (r *room) sourcesFor(p *participant) []*source {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []*source
	for _, s := range r.sources {
		if s.publisher != p.name && p.views {
			all = append(all, s)
		}
	}
	return all
}

// prefer has a viewer sent another layer of a source.
func (r *room) prefer(viewer, source, rid string) error {
	r.mu.Lock()
	p := r.participants[viewer]
	r.mu.Unlock()
	if p == nil {
		return fmt.Errorf("there is no %q", viewer)
	}
	return p.prefer(source, rid)
}

// A roomState is what /state returns.
type roomState struct {
	Sources []sourceState      `json:"sources"`
	Viewers []participantState `json:"viewers"`
}

func (r *room) state() roomState {
	state := roomState{Sources: []sourceState{}, Viewers: []participantState{}}
	r.mu.Lock()
	sources := slices.Clone(r.sources)
	r.mu.Unlock()
	now := time.Now()
	for _, s := range sources {
		state.Sources = append(state.Sources, s.state(now))
	}
	for _, p := range r.everybody() {
		state.Viewers = append(state.Viewers, p.state())
	}
	return state
}
