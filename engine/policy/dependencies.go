package policy

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// dependencies finds the parts of input that the decision data.<path> can see,
// as dotted paths below input ("line.product.type"); "" is all of it. It errs
// on the side of more: every reference to input in every rule that the
// decision can reach counts, whether it is ever evaluated or not, cut where it
// stops being a constant.
//
// OPA's own v1/dependencies is not fit for this: it misses dependencies behind
// negated aliases, partial objects and `with`, and can hang or panic.
func dependencies(compiler *ast.Compiler, decision ast.Ref) []string {
	found := make(map[string]bool)
	reach(compiler, decision, func(*ast.Rule) {}, func(ref ast.Ref) {
		if ref.HasPrefix(ast.InputRootRef) {
			found[strings.Join(constantPath(ref[1:]), ".")] = true
		}
	})
	return minimal(found)
}

// reach shows every rule that a decision can reach, and every reference in
// them.
func reach(compiler *ast.Compiler, decision ast.Ref, rule func(*ast.Rule), reference func(ast.Ref)) {
	seen := make(map[*ast.Rule]bool)
	var follow func(ast.Ref)
	visit := func(r *ast.Rule) {
		if seen[r] {
			return
		}
		seen[r] = true
		rule(r)
		ast.WalkRefs(r, func(ref ast.Ref) bool {
			follow(ref)
			return false
		})
	}
	follow = func(ref ast.Ref) {
		reference(ref)
		if ref.HasPrefix(ast.DefaultRootRef) {
			rulesUnder(compiler.RuleTree, ref, visit)
		}
	}
	follow(decision)
}

// constantPath is the leading run of string elements of a reference.
func constantPath(ref ast.Ref) (names []string) {
	for _, term := range ref {
		name, ok := term.Value.(ast.String)
		if !ok || strings.Contains(string(name), ".") {
			break // the whole above it: wider is safe
		}
		names = append(names, string(name))
	}
	return names
}

// rulesUnder visits every rule that a reference into data can reach: down its
// constant prefix to the first node that holds rules, then that whole subtree.
// A sibling counts too, for it can raise a conflict.
func rulesUnder(tree *ast.TreeNode, ref ast.Ref, visit func(*ast.Rule)) {
	node := tree.Child(ref[0].Value)
	if node == nil {
		return // no rules at all
	}
	for _, term := range ref[1:] {
		if len(node.Values) > 0 || !ast.IsScalar(term.Value) {
			break
		}
		if node = node.Child(term.Value); node == nil {
			return // base data
		}
	}
	node.DepthFirst(func(n *ast.TreeNode) bool {
		for _, rule := range n.Values {
			visit(rule)
		}
		return false
	})
}

// minimal drops paths that lie below another one and sorts the rest.
func minimal(found map[string]bool) []string {
	paths := make([]string, 0, len(found))
	for p := range found {
		if !coveredByAncestor(found, p) {
			paths = append(paths, p)
		}
	}
	slices.Sort(paths)
	return paths
}

func coveredByAncestor(found map[string]bool, p string) bool {
	if p == "" {
		return false
	}
	for above := p; above != ""; {
		above = above[:max(0, strings.LastIndexByte(above, '.'))]
		if found[above] {
			return true
		}
	}
	return false
}
