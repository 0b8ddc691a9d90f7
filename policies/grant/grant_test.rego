package grant_test

import data.grant

_customer := {"customer": {"id": "c-1", "attributes": {}}, "now": 1767225600}

# Each test names its own campaigns: to edit data.json breaks no test here.

test_new_customer_gets_the_welcome_campaign if {
	grant.campaigns == {"welcome"} with input as _customer with data.grant.welcome_campaigns as ["welcome"]
}

test_author_adds_a_campaign if {
	grant.campaigns == {"welcome", "spring"} with input as _customer
		with data.grant.welcome_campaigns as ["welcome", "spring", "welcome"]
}

test_author_ends_all_greetings if {
	grant.campaigns == set() with input as _customer with data.grant.welcome_campaigns as []
}

test_nothing_is_granted_by_a_lost_list[list] if {
	some list in [null, "", "welcome", {}]
	grant.campaigns == set() with input as _customer with data.grant.welcome_campaigns as list
}

# One answer, remembered once, serves every customer.
test_no_field_is_looked_at if {
	grant.campaigns == {"welcome"} with input as {} with data.grant.welcome_campaigns as ["welcome"]
}

# Of data.json as it is now, whoever edited it.
test_data_are_ids if {
	is_array(data.grant.welcome_campaigns)
	every id in data.grant.welcome_campaigns {
		is_string(id)
		id != ""
	}
}
