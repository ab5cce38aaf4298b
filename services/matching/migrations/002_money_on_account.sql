-- A ledger reads its customer's money on account.
create index payments_on_account on payments (account_customer_id, payment_id) where on_account > 0;
